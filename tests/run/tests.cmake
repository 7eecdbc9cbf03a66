# A program in llama-server's place that prints a recorded log at its own pace.
add_executable(otplan-replay ${CMAKE_CURRENT_LIST_DIR}/replay.c)
otplan_warnings(otplan-replay)
if(TARGET test_run)
    add_dependencies(test_run otplan otplan-replay fake_nvml)
endif()
