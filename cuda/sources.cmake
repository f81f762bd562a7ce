# The CUDA backend: for nvcc, and for the emulated device of the tests.
set(DINF_CUDA_SOURCES
  cuda/backend_cuda.cu
  cuda/binding.cu
  cuda/cgls.cu
  cuda/context.cu
  cuda/devices.cu
  cuda/encode.cu
  cuda/encode_radial.cu
  cuda/encode_adjoint.cu
  cuda/encode_tensor.cu
  cuda/encode_tensor_adjoint.cu
  cuda/fold.cu
  cuda/launch.cu
  cuda/mlp.cu
  cuda/mlp_activation.cu
  cuda/mlp_linear.cu
  cuda/mlp_linear_tensor.cu
  cuda/mlp_weights.cu
  cuda/mlp_weights_tensor.cu
  cuda/program.cu
  cuda/refine.cu
  cuda/samples.cu
  cuda/slots.cu
  cuda/sort.cu
  cuda/tensor_axes.cu
  cuda/vector.cu)
# What decides what nvcc makes of them, beside the includes and the build type.
set(DINF_CUDA_OPTIONS --expt-relaxed-constexpr)
