package access_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// Nothing is different from itself, and of two views one is told as the other is,
// the other way round.
func TestCompareMirrors(t *testing.T) {
	told := 0
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawWorld(t).view(t), drawWorld(t).view(t)
		if e := access.Compare(a, a); !e.Empty() {
			t.Fatalf("a view differs from itself:\n%v", e)
		}
		there, back := access.Compare(a, b), access.Compare(b, a)
		if diff := gocmp.Diff(callsOf(there, false), callsOf(back, true)); diff != "" {
			t.Fatalf("keys (-there +back, turned):\n%s", diff)
		}
		for i := range back.People {
			back.People[i].Before, back.People[i].After = back.People[i].After, back.People[i].Before
		}
		if diff := gocmp.Diff(there.People, back.People); diff != "" {
			t.Fatalf("people (-there +back, turned):\n%s", diff)
		}
		told += len(there.Keys) + len(there.People)
	})
	if told == 0 && !t.Failed() {
		t.Error("no world differed from another")
	}
}

// callsOf is what each key loses and gains or, turned, gains and loses.
func callsOf(e access.Effects, turned bool) map[tenancy.KeyID][2][]tenancy.ModelID {
	calls := map[tenancy.KeyID][2][]tenancy.ModelID{}
	for _, k := range e.Keys {
		calls[k.Key] = [2][]tenancy.ModelID{k.Lost, k.Gained}
		if turned {
			calls[k.Key] = [2][]tenancy.ModelID{k.Gained, k.Lost}
		}
	}
	return calls
}
