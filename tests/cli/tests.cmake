# A library that answers like NVIDIA's, for test_devices.
add_library(fake_nvml SHARED ${CMAKE_CURRENT_LIST_DIR}/fake_nvml.c)
set_target_properties(fake_nvml PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
foreach(name test_devices test_arguments_plan test_export_program test_program test_compare test_command_line test_export_formats test_import_program test_config test_oracle_program)
    if(TARGET ${name})
        add_dependencies(${name} otplan fake_nvml)
    endif()
endforeach()
