# Figures, no assertions: build/tests/otplan-bench of a Release build.
if(TARGET otplan AND EXISTS ${CMAKE_SOURCE_DIR}/ui/ui.c)
    file(GLOB BENCH_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/bench/*.c)
    add_executable(otplan-bench ${BENCH_SOURCES})
    target_link_libraries(otplan-bench PRIVATE otplan_app util)
    target_compile_definitions(otplan-bench PRIVATE ${OTPLAN_TEST_DEFINITIONS})
    otplan_warnings(otplan-bench)
    add_dependencies(otplan-bench otplan)
endif()
