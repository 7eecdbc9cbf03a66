# Checks of the source tree itself.
add_test(NAME structure COMMAND ${CMAKE_SOURCE_DIR}/tests/structure/check.sh ${CMAKE_SOURCE_DIR})
add_test(NAME manual COMMAND ${CMAKE_SOURCE_DIR}/tests/structure/manual.sh ${CMAKE_SOURCE_DIR})
add_test(NAME formatting COMMAND ${CMAKE_SOURCE_DIR}/tests/structure/formatting.sh ${CMAKE_SOURCE_DIR})
add_test(NAME shell_scripts COMMAND ${CMAKE_SOURCE_DIR}/tests/structure/shell_scripts.sh ${CMAKE_SOURCE_DIR})
set_tests_properties(formatting shell_scripts PROPERTIES SKIP_RETURN_CODE 77)
