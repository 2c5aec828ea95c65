// Labels of another shape than the batch.
// expect: LabelsFit<.*Extents<32, 10>.*Extents<30>|Logits = .*Extents<32, 10>.*Labels = .*Extents<30>
// expect: tenon: the labels' shape is not that of the logits without their last axis
#include <tenon/nn/loss.hpp>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_TWIN
float loss(const Tensor<float, 32, 10>& logits, const Tensor<int, 32>& labels) {
#else
float loss(const Tensor<float, 32, 10>& logits, const Tensor<int, 30>& labels) {
#endif
  return nn::cross_entropy(logits, labels);
}
