{
  # Delegates to CMakeLists.txt, the one description of the build. The output named here is never written, so that the
  # action runs every time and CMake decides what is out of date.
  'targets': [{
    'target_name': 'dinf_grid_cmake',
    'type': 'none',
    'actions': [{
      'action_name': 'cmake',
      'inputs': ['CMakeLists.txt'],
      'outputs': ['<(INTERMEDIATE_DIR)/never-written'],
      'action': ['node', '<(module_root_dir)/scripts/build-native.js'],
    }],
  }],
}
