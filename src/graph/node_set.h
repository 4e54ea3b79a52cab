// A set of nodes of one graph as a bit each.
#pragma once

#include <bit>
#include <cassert>
#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace stir::graph {

// Sets that are combined must be of the same graph (same size).
class NodeSet {
 public:
  NodeSet() = default;
  explicit NodeSet(size_t graph_size) : size_(graph_size), words_((graph_size + 63) / 64) {}

  bool Contains(NodeId node) const { return (words_[node / 64] >> (node % 64) & 1) != 0; }
  // True when it was not there before.
  bool Add(NodeId node) {
    const uint64_t bit = uint64_t{1} << (node % 64);
    const bool fresh = (words_[node / 64] & bit) == 0;
    words_[node / 64] |= bit;
    return fresh;
  }
  void Remove(NodeId node) { words_[node / 64] &= ~(uint64_t{1} << (node % 64)); }

  NodeSet& operator|=(const NodeSet& other) {
    return Combine(other, [](uint64_t a, uint64_t b) { return a | b; });
  }
  NodeSet& operator&=(const NodeSet& other) {
    return Combine(other, [](uint64_t a, uint64_t b) { return a & b; });
  }
  NodeSet& operator-=(const NodeSet& other) {
    return Combine(other, [](uint64_t a, uint64_t b) { return a & ~b; });
  }
  bool operator==(const NodeSet&) const = default;

  size_t graph_size() const { return size_; }
  bool empty() const { return Count() == 0; }
  size_t Count() const {
    size_t count = 0;
    for (const uint64_t word : words_) count += static_cast<size_t>(std::popcount(word));
    return count;
  }
  // Calls visit(NodeId) in ascending order.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (size_t i = 0; i < words_.size(); ++i) {
      for (uint64_t word = words_[i]; word != 0; word &= word - 1) {
        visit(static_cast<NodeId>(i * 64 + static_cast<size_t>(std::countr_zero(word))));
      }
    }
  }
  std::vector<NodeId> ToVector() const {
    std::vector<NodeId> nodes;
    ForEach([&](NodeId node) { nodes.push_back(node); });
    return nodes;
  }

 private:
  template <typename Operation>
  NodeSet& Combine(const NodeSet& other, Operation operation) {
    assert(size_ == other.size_);
    for (size_t i = 0; i < words_.size(); ++i) words_[i] = operation(words_[i], other.words_[i]);
    return *this;
  }

  size_t size_ = 0;
  std::vector<uint64_t> words_;
};

}  // namespace stir::graph
