package accesstest

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"iter"
	"maps"
	"slices"
	"strings"

	"example.com/tenet/tenancy"
)

// crockford is the alphabet of ULIDs.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// sum is one for each list of words.
func sum(words ...string) []byte {
	digest := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return digest[:]
}

// ulid is a well-formed ULID, made from words. It says no time.
func ulid(words ...string) string {
	const chars = 26 // the first one is at most 7
	return "0" + base32.NewEncoding(crockford).EncodeToString(sum(words...))[:chars-1]
}

func orgID(name string) tenancy.OrgID {
	return tenancy.OrgID(tenancy.PrefixOrg + ulid("organization", name))
}

func projectID(org tenancy.OrgID, name string) tenancy.ProjectID {
	return tenancy.ProjectID(tenancy.PrefixProject + ulid("project", string(org), name))
}

// membershipID names the stay of a person on a roster that follows one that is over,
// the first one where before is empty.
func membershipID(org tenancy.OrgID, user tenancy.UserID, before tenancy.MembershipID) tenancy.MembershipID {
	return tenancy.MembershipID(tenancy.PrefixMembership + ulid("membership", string(org), string(user), string(before)))
}

func keyID(project tenancy.ProjectID, name string) tenancy.KeyID {
	const chars = 12 // base62, of which these are some
	return tenancy.KeyID(tenancy.PrefixKey + hex.EncodeToString(sum("key", string(project), name))[:chars])
}

// each yields the records of a type, in order.
func each[T tenancy.Recordable](w *World) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, ref := range slices.SortedFunc(maps.Keys(w.records), compareRefs) {
			if v, ok := w.records[ref].(T); ok && !yield(v) {
				return
			}
		}
	}
}
