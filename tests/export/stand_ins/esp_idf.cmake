# Components become archives, linked to whoever names them, as ESP-IDF's build system has it.
set(ESP_PLATFORM 1)

function(idf_component_register)
  cmake_parse_arguments(given "" "" "SRCS;INCLUDE_DIRS;REQUIRES" ${ARGV})
  if(given_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "idf_component_register does not know ${given_UNPARSED_ARGUMENTS}")
  endif()
  get_filename_component(name "${CMAKE_CURRENT_SOURCE_DIR}" NAME)
  add_library(__idf_${name} STATIC ${given_SRCS})
  foreach(folder IN LISTS given_INCLUDE_DIRS)
    target_include_directories(__idf_${name} PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}/${folder}")
  endforeach()
endfunction()
