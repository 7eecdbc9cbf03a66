# Asks std::regex what we answer ourselves; the tests that need it skip without a C++ compiler.
if(CMAKE_CXX_COMPILER)
    add_executable(std_regex_check override/std_regex_check.cpp)
    set_target_properties(std_regex_check PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    target_compile_options(std_regex_check PRIVATE -O2)
endif()
