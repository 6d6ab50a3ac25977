# sluice_embed(TARGET FILE SYMBOL)
#
# Compiles the bytes of FILE into TARGET as `extern const std::string_view sluice::embedded::SYMBOL`.
function(sluice_embed target file symbol)
  set(output "${CMAKE_CURRENT_BINARY_DIR}/embedded_${symbol}.cc")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" -D "INPUT=${file}" -D "OUTPUT=${output}" -D "SYMBOL=${symbol}"
            -P "${PROJECT_SOURCE_DIR}/cmake/Embed.cmake"
    DEPENDS "${file}" "${PROJECT_SOURCE_DIR}/cmake/Embed.cmake"
    VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()
