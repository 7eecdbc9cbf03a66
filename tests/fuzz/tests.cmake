# Each fuzz/fuzz_NAME.c is replayed over fuzz/corpus/NAME in every test run. With -DOTPLAN_FUZZ=ON and clang
# it is a libFuzzer program as well; tests/fuzz/run.sh builds and runs them. See docs/fuzzing.md.
set(OTPLAN_FUZZ_FLAGS -g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all)

if(OTPLAN_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "OTPLAN_FUZZ needs clang: -DCMAKE_C_COMPILER=clang")
    endif()
    # The libraries once more, so that the fuzzer sees which of its branches are taken.
    add_library(otplan_fuzzed STATIC ${MODEL_SOURCES} ${UI_SOURCES} ${APP_SOURCES})
    target_include_directories(otplan_fuzzed PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(otplan_fuzzed PRIVATE PkgConfig::PCRE2 PkgConfig::NCURSES PkgConfig::JSON ${CMAKE_DL_LIBS} PUBLIC m)
    target_compile_definitions(otplan_fuzzed PRIVATE $<TARGET_PROPERTY:otplan_app,INTERFACE_COMPILE_DEFINITIONS>)
    target_compile_options(otplan_fuzzed PRIVATE ${OTPLAN_FUZZ_FLAGS}
        -fsanitize=fuzzer-no-link,address,undefined)
endif()

file(GLOB FUZZ_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/fuzz_*.c)
foreach(source ${FUZZ_SOURCES})
    get_filename_component(program ${source} NAME_WE)
    string(REPLACE "fuzz_" "" name ${program})
    add_executable(replay_${name} ${source} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/standalone.c)
    target_link_libraries(replay_${name} PRIVATE otplan_app)
    otplan_warnings(replay_${name})
    add_test(NAME replay_${name}
        COMMAND replay_${name} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name})
    if(OTPLAN_FUZZ)
        add_executable(${program} ${source})
        target_link_libraries(${program} PRIVATE otplan_fuzzed)
        target_compile_options(${program} PRIVATE ${OTPLAN_FUZZ_FLAGS} -fsanitize=fuzzer,address,undefined)
        target_link_options(${program} PRIVATE -fsanitize=fuzzer,address,undefined)
    endif()
endforeach()
