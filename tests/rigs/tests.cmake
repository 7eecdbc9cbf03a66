# Tables of the optimiser and of --fit over the reference models; no assertions but in `random`: build/tests/otplan-rigs; `optimiser-page` writes docs/optimiser-table.md.
add_executable(otplan-rigs rigs/rigs.c rigs/random.c rigs/whole.c)
target_link_libraries(otplan-rigs PRIVATE otplan_test_support otplan_app otplan_model PkgConfig::CRITERION PkgConfig::JSON)
target_compile_definitions(otplan-rigs PRIVATE OTPLAN_SHARED="${OTPLAN_SHARED}")
otplan_warnings(otplan-rigs)
add_custom_target(optimiser-page COMMAND otplan-rigs markdown > ${CMAKE_SOURCE_DIR}/docs/optimiser-table.md USES_TERMINAL)

# Rigs drawn by chance, the same each time; many more: otplan-rigs random SEED N.
add_test(NAME random_rigs COMMAND otplan-rigs random 1 4)
set_tests_properties(random_rigs PROPERTIES SKIP_REGULAR_EXPRESSION "^no ")
