#include "yaml/node.h"

namespace stir::yaml {

const Entry* Node::FindEntry(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key->text == key && entry.key->IsScalar()) return &entry;
  }
  return nullptr;
}

const Node* Node::Find(std::string_view key) const {
  const Entry* entry = FindEntry(key);
  return entry == nullptr ? nullptr : entry->value.get();
}

}  // namespace stir::yaml
