# Installs the libraries, their public headers, the program with its completions, and what other
# projects find them by: find_package(rollcall) and pkg-config rollcall; for the library of C
# find_package(rollcall COMPONENTS c) and pkg-config rollcall-c; for webhooks, the component notifier
# and pkg-config rollcall-notifier; and for the command line inside a program, as the package of
# Python has it, the component commands.
include(CMakePackageConfigHelpers)

# A program links everything by one name: rollcall::rollcall.
add_library(rollcall INTERFACE)
add_library(rollcall::rollcall ALIAS rollcall)
target_link_libraries(rollcall INTERFACE
  rollcall_operations rollcall_storage rollcall_core rollcall_kernels)
target_compile_features(rollcall INTERFACE cxx_std_20)

install(TARGETS rollcall rollcall_operations rollcall_storage rollcall_core rollcall_kernels
        EXPORT rollcallTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY core/include/rollcall storage/include/rollcall operations/include/rollcall
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

# The library of C needs nothing of the others, so that programs that link it need no packages.
install(TARGETS rollcall_c EXPORT rollcallCTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES bindings/c/include/rollcall.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(rollcall_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/rollcall)
install(EXPORT rollcallTargets NAMESPACE rollcall:: DESTINATION ${rollcall_config_dir})
# Programs that want webhooks ask for the component "notifier", and only they need libcurl, when they
# run.
if(ROLLCALL_BUILD_NOTIFIER)
  install(TARGETS rollcall_notifier EXPORT rollcallNotifierTargets
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT rollcallNotifierTargets NAMESPACE rollcall:: DESTINATION ${rollcall_config_dir})
endif()
install(EXPORT rollcallCTargets NAMESPACE rollcall:: DESTINATION ${rollcall_config_dir})
configure_package_config_file(tools/cmake/rollcallConfig.cmake.in rollcallConfig.cmake
                              INSTALL_DESTINATION ${rollcall_config_dir})
# Before 1.0, a minor version may change the interface.
write_basic_package_version_file(rollcallConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/rollcallConfig.cmake
              ${PROJECT_BINARY_DIR}/rollcallConfigVersion.cmake
        DESTINATION ${rollcall_config_dir})

# The path is relative to the file itself, so that an installed tree may be moved.
file(RELATIVE_PATH rollcall_prefix_from_pc
     ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
set(rollcall_packages rollcall rollcall-c)
if(ROLLCALL_BUILD_NOTIFIER)
  list(APPEND rollcall_packages rollcall-notifier)
endif()
foreach(package ${rollcall_packages})
  configure_file(tools/cmake/${package}.pc.in ${package}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${package}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(ROLLCALL_BUILD_TOOLS)
  install(TARGETS rollcall_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(TARGETS rollcall_commands rollcall_workload EXPORT rollcallCommandsTargets
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT rollcallCommandsTargets NAMESPACE rollcall:: DESTINATION ${rollcall_config_dir})
  install(FILES tools/include/rollcall/command_line.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/rollcall)
  install(FILES ${PROJECT_BINARY_DIR}/completions/rollcall.bash
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME rollcall)
  install(FILES ${PROJECT_BINARY_DIR}/completions/_rollcall
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${PROJECT_BINARY_DIR}/completions/rollcall.fish
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()
