# The picture in the README: build/tests/otplan-picture 40 120 '' assets/screen.svg
if(TARGET otplan AND TARGET otplan_test_support AND VTERM_FOUND)
    add_executable(otplan-picture ${CMAKE_SOURCE_DIR}/tests/tui/picture.c)
    target_link_libraries(otplan-picture PRIVATE otplan_test_support)
    otplan_warnings(otplan-picture)
    add_dependencies(otplan-picture otplan)
endif()
