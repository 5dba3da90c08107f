# Helpers that keep the folders' CMakeLists.txt to a line or two.

set(GT_SANITIZE "" CACHE STRING "sanitizers to build with, e.g. address,undefined or thread")
option(GT_FUZZ "build the libFuzzer targets (needs clang)" OFF)
option(GT_WERROR "treat warnings as errors" ON)

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

add_library(gt_flags INTERFACE)
target_compile_features(gt_flags INTERFACE c_std_17)
target_compile_definitions(gt_flags INTERFACE _GNU_SOURCE)
target_include_directories(gt_flags INTERFACE
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/libgitops>
  $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/generated>)
target_compile_options(gt_flags INTERFACE
  -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wcast-qual -Wundef -Wconversion -Wno-sign-conversion
  $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes -Wstrict-prototypes>
  $<$<BOOL:${GT_WERROR}>:-Werror>
  # Wrong about outputs that are set on success only; ASan, UBSan and valgrind see the true ones.
  $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  -fno-strict-aliasing -fno-plt -fstack-protector-strong -fstack-clash-protection
  -ffunction-sections -fdata-sections -fvisibility=hidden)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(gt_flags INTERFACE -fcf-protection)
endif()
target_link_options(gt_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,--gc-sections -Wl,--as-needed)
if(GT_SANITIZE)
  target_compile_options(gt_flags INTERFACE
    -fsanitize=${GT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(gt_flags INTERFACE -fsanitize=${GT_SANITIZE})
else()
  target_compile_options(gt_flags INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3>)
endif()
if(GT_FUZZ)
  target_compile_options(gt_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# gt_pkg(NAME MODULE) makes PkgConfig::NAME available.
macro(gt_pkg name module)
  if(NOT TARGET PkgConfig::${name})
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  endif()
endmacro()

# gt_module(NAME [DEPS target...]): the static library gt_NAME of this folder's sources.
function(gt_module name)
  cmake_parse_arguments(ARG "" "" "DEPS;EXTRA" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.c *.cc)
  if(NOT sources AND NOT ARG_EXTRA)
    add_library(gt_${name} INTERFACE)
    target_link_libraries(gt_${name} INTERFACE gt_flags ${ARG_DEPS})
    return()
  endif()
  add_library(gt_${name} STATIC ${sources} ${ARG_EXTRA})
  target_link_libraries(gt_${name} PUBLIC gt_flags ${ARG_DEPS})
endfunction()

# What a program built with the thread sanitizer needs to know.
function(gt_sanitized target)
  if(GT_SANITIZE MATCHES thread)
    target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests/support/tsan.c)
  endif()
endfunction()

# gt_program(NAME [DEPS target...]): an executable of this folder's sources, in build/bin.
function(gt_program name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.c)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  gt_sanitized(${name})
  target_link_libraries(${name} PRIVATE gt_flags ${ARG_DEPS})
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  install(TARGETS ${name})
endfunction()

# gt_tests([DEPS target...]): each test_*.c of this folder is a program and a ctest of its own.
function(gt_tests)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  file(GLOB sources CONFIGURE_DEPENDS test_*.c)
  foreach(source ${sources})
    get_filename_component(stem ${source} NAME_WE)
    string(REPLACE "test_" "test_${folder}_" target ${stem})
    add_executable(${target} ${source})
    gt_sanitized(${target})
    target_link_libraries(${target} PRIVATE gt_flags ${ARG_DEPS} PkgConfig::CMOCKA)
    target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(${target} PRIVATE TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data")
    add_test(NAME ${target} COMMAND ${target})
    set_tests_properties(${target} PROPERTIES TIMEOUT 120)
  endforeach()
endfunction()

# gt_fuzz(NAME [DEPS target...]): tests/fuzz/fuzz_NAME.c as a libFuzzer target (GT_FUZZ), else as a
# ctest that replays tests/fuzz/corpus/NAME.
function(gt_fuzz name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  set(dir ${CMAKE_SOURCE_DIR}/tests/fuzz)
  if(GT_FUZZ)
    add_executable(fuzz_${name} ${dir}/fuzz_${name}.c)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(fuzz_${name} ${dir}/fuzz_${name}.c ${dir}/replay.c)
    add_test(NAME fuzz_${name} COMMAND fuzz_${name} ${dir}/corpus/${name})
    set_tests_properties(fuzz_${name} PROPERTIES TIMEOUT 120)
  endif()
  target_link_libraries(fuzz_${name} PRIVATE gt_flags ${ARG_DEPS})
  target_compile_options(fuzz_${name} PRIVATE -Wno-missing-prototypes)
  if(GT_FUZZ)
    set_target_properties(fuzz_${name} PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz LINKER_LANGUAGE CXX)
  endif()
endfunction()

# gt_embed(TARGET SYMBOL files...): adds the concatenated YAML files to the target, as the bytes
# `const char SYMBOL[]` and `const char SYMBOL_end[]`.
function(gt_embed target symbol)
  set(data ${CMAKE_BINARY_DIR}/generated/${symbol}.yaml)
  string(REPLACE ";" "|" joined "${ARGN}")
  add_custom_command(OUTPUT ${data}
    COMMAND ${CMAKE_COMMAND} -DOUT=${data} "-DFILES=${joined}" -P ${CMAKE_SOURCE_DIR}/cmake/concat.cmake
    DEPENDS ${ARGN} ${CMAKE_SOURCE_DIR}/cmake/concat.cmake VERBATIM)
  set(source ${CMAKE_BINARY_DIR}/generated/${symbol}.c)
  file(CONFIGURE OUTPUT ${source} CONTENT
"__asm__(\".section .rodata\\n\"
	\".global @symbol@\\n@symbol@:\\n.incbin \\\"@data@\\\"\\n\"
	\".global @symbol@_end\\n@symbol@_end:\\n.byte 0\\n.previous\\n\");
" @ONLY)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${data})
  target_sources(${target} PRIVATE ${source} ${data})
endfunction()
