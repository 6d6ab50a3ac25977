# The compiler checks each source file and writes no code. Objects, libraries and programs are empty files, so that
# the build does not check a file again before the file or a header of it changes.
set(CMAKE_CXX_COMPILER_LAUNCHER)  # ccache has no cache for -fsyntax-only.
set(touch "<CMAKE_COMMAND> -E touch")
set(CMAKE_CXX_COMPILE_OBJECT
    "<CMAKE_CXX_COMPILER> <DEFINES> <INCLUDES> <FLAGS> -fsyntax-only -c <SOURCE>" "${touch} <OBJECT>")
set(CMAKE_CXX_ARCHIVE_CREATE "${touch} <TARGET>")
set(CMAKE_CXX_ARCHIVE_APPEND "${touch} <TARGET>")
set(CMAKE_CXX_ARCHIVE_FINISH "")
set(CMAKE_CXX_LINK_EXECUTABLE "${touch} <TARGET>")
