# Tables of the optimiser and of --fit over the reference models; no assertions: build/tests/otplan-rigs.
add_executable(otplan-rigs rigs/rigs.c)
target_link_libraries(otplan-rigs PRIVATE otplan_test_support otplan_app otplan_model PkgConfig::CRITERION PkgConfig::JSON)
target_compile_definitions(otplan-rigs PRIVATE OTPLAN_SHARED="${OTPLAN_SHARED}")
otplan_warnings(otplan-rigs)
