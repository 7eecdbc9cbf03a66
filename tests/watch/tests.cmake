if(TARGET test_watch)
    add_dependencies(test_watch otplan fake_nvml)
endif()
