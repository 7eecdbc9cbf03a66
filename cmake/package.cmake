# Packages of a Release build: `cpack -G DEB` for Debian, `cpack -G TGZ` for everyone else.
set(CPACK_PACKAGE_NAME otplan)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR "the otplan developers")
set(CPACK_PACKAGE_CONTACT "the otplan developers <otplan@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Interactive planner for llama.cpp tensor placement")
set(CPACK_PACKAGE_DESCRIPTION "otplan shows which device llama.cpp puts each tensor of a model on, lets you move
them, and writes the arguments that place them so. It reads the heads of GGUF files alone.")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Remote models load libcurl when one is opened; without it everything else works.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libcurl4")
include(CPack)
