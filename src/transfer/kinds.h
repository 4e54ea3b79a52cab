// The kinds of error that moving rows can have.
#pragma once

#include "base/diagnostic.h"

namespace stir::transfer {

inline constexpr Kind kDropMissing{"drop-missing", Category::kRuntime};
inline constexpr Kind kDropEmpty{"drop-empty", Category::kRuntime};
inline constexpr Kind kDropHalfWritten{"drop-half-written", Category::kRuntime};
inline constexpr Kind kDropUnreadable{"drop-unreadable", Category::kRuntime};
inline constexpr Kind kDropEncoding{"drop-encoding", Category::kRuntime};
inline constexpr Kind kDropChanged{"drop-changed", Category::kRuntime};
inline constexpr Kind kColumnMissing{"column-missing", Category::kRuntime};
inline constexpr Kind kColumnAdded{"column-added", Category::kRuntime};
inline constexpr Kind kColumnRetyped{"column-retyped", Category::kRuntime};
inline constexpr Kind kRowsRejected{"rows-rejected", Category::kRuntime};
inline constexpr Kind kSourceMissing{"source-missing", Category::kRuntime};
inline constexpr Kind kSourceBroken{"source-broken", Category::kRuntime};
inline constexpr Kind kBadIngestion{"bad-ingestion", Category::kConfig};
inline constexpr Kind kBadPublication{"bad-publication", Category::kConfig};
inline constexpr Kind kTransferNotBuilt{"transfer-not-built", Category::kConfig};
inline constexpr Kind kRequirementFailed{"requirement-failed", Category::kRuntime};
inline constexpr Kind kVerifyFailed{"verify-failed", Category::kRuntime};
inline constexpr Kind kDuplicateKey{"duplicate-key", Category::kRuntime};
inline constexpr Kind kTableBound{"table-bound", Category::kRuntime};      // a swap would break what hangs on it
inline constexpr Kind kTableHeld{"table-held", Category::kRuntime};        // somebody's lock
inline constexpr Kind kTableChanged{"table-changed", Category::kRuntime};  // while it was published
inline constexpr Kind kRightMissing{"right-missing", Category::kConfig};
inline constexpr Kind kNothingToRollBack{"nothing-to-roll-back", Category::kRuntime};

}  // namespace stir::transfer
