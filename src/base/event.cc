#include "base/event.h"

namespace stir {
namespace {

class Null final : public EventSink {
 public:
  void Emit(const Event&) override {}
};

}  // namespace

EventSink& NullSink() {
  static Null sink;
  return sink;
}

}  // namespace stir
