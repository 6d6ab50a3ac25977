# Compiler settings common to every target, as the interface library sluice_compiler.

add_library(sluice_compiler INTERFACE)
target_compile_options(sluice_compiler INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<BOOL:${SLUICE_WARNINGS_AS_ERRORS}>:-Werror>)

# Hardening that costs next to nothing on the data path.
add_compile_options(-fstack-protector-strong -fno-omit-frame-pointer)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT SLUICE_SANITIZERS)
  add_compile_definitions(_FORTIFY_SOURCE=2)
endif()
add_link_options(-Wl,-z,relro,-z,now)

if(SLUICE_SANITIZERS)
  # GCC's instrumentation draws false ones of this kind (its manual says so, at -fsanitize). The preset
  # `dev` has warnings as errors; those of sanitizers have not.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
  add_compile_options(-fsanitize=${SLUICE_SANITIZERS} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLUICE_SANITIZERS})
endif()
if(SLUICE_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

# Paths in debug information and in __FILE__ start at the top of the tree, wherever the clone is. So one
# clone's objects are another's, and the compiler cache can share them.
add_compile_options("-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(launcher "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
               "${CCACHE_PROGRAM}")
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
