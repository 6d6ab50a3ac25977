# sluice_commit(TARGET)
#
# Compiles into TARGET the commit that it is built from, as `sluice::cli::kCommit`. Each build asks git,
# which takes a few milliseconds; a new commit compiles one small file and links TARGET again.
# Builds without the repository, such as that of the container image, set SLUICE_COMMIT instead.
set(SLUICE_COMMIT "" CACHE STRING "The commit that --version prints; empty: what git says")
find_program(GIT_PROGRAM git)

function(sluice_commit target)
  set(output "${CMAKE_CURRENT_BINARY_DIR}/commit.cc")
  add_custom_target(${target}_commit
    COMMAND "${CMAKE_COMMAND}" -D "SOURCE_DIR=${PROJECT_SOURCE_DIR}" -D "OUTPUT=${output}"
            -D "COMMIT=${SLUICE_COMMIT}" -D "GIT=$<$<BOOL:${GIT_PROGRAM}>:${GIT_PROGRAM}>"
            -P "${PROJECT_SOURCE_DIR}/cmake/Commit.cmake"
    BYPRODUCTS "${output}"
    COMMENT "Looking up the commit"
    VERBATIM)
  add_dependencies(${target} ${target}_commit)
  target_sources(${target} PRIVATE "${output}")
  set_source_files_properties("${output}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
