# Run with -P by sluice_commit() at each build: writes the commit that is checked out in SOURCE_DIR
# into OUTPUT, unless OUTPUT names that commit already. COMMIT, if it is set, takes the place of
# what git says. Without either, the commit is "unknown".
if(NOT COMMIT AND GIT AND EXISTS "${SOURCE_DIR}/.git")
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env GIT_OPTIONAL_LOCKS=0 "${GIT}" describe --always --dirty --abbrev=12 --exclude=*
    WORKING_DIRECTORY "${SOURCE_DIR}"
    OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT COMMIT MATCHES "^[0-9A-Za-z._-]+$")
  set(COMMIT unknown)
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT [[
#include "cli/version.h"

namespace sluice::cli {
const std::string_view kCommit{"@COMMIT@"};
}
]])
