# sluice_module(NAME [USES module...] [LIBRARIES target...] [SOURCES file...])
#
# Declares one room of the house as a static library sluice_NAME. USES names the modules that it may
# include and link, and nothing else: scripts/check-includes reads these same lines and fails when
# a source includes a header of a module that is not in the list. LIBRARIES are private, so that a
# third party's headers do not leak into the modules above. Without SOURCES, every file of
# src/NAME/ belongs to the module.
function(sluice_module name)
  cmake_parse_arguments(arg "" "" "USES;LIBRARIES;SOURCES" ${ARGN})
  if(NOT arg_SOURCES)
    file(GLOB arg_SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc")
  endif()
  add_library(sluice_${name} STATIC ${arg_SOURCES})
  target_include_directories(sluice_${name}
    PUBLIC "${PROJECT_SOURCE_DIR}/include"
    PRIVATE "${PROJECT_SOURCE_DIR}/src")
  list(TRANSFORM arg_USES PREPEND sluice_)
  target_link_libraries(sluice_${name} PUBLIC ${arg_USES} PRIVATE sluice_compiler ${arg_LIBRARIES})
endfunction()
