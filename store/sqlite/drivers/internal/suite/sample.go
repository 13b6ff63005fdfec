package suite

import (
	"fmt"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Org is the organization of every sample.
const Org tenancy.OrgID = "org_a"

// Time is when the samples happen.
func Time() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// Entry is a log entry with an operation id.
func Entry(op string) store.Entry {
	return store.Entry{Org: Org, Op: store.OperationID(op), Actor: "ann", Action: "test", At: Time(), Detail: []byte(`{"op":true}`)}
}

// Create is a batch that creates values.
func Create(op string, values ...tenancy.Entity) store.Batch {
	b := store.Batch{Entry: Entry(op)}
	for _, v := range values {
		b.Put = append(b.Put, store.Record{Value: v})
	}
	return b
}

// Project is one of the sample projects.
func Project(id string) tenancy.Project {
	return tenancy.Project{Org: Org, ID: tenancy.ProjectID(id), Name: "Project é " + id, Models: tenancy.Models("gpt-5", "o3"), Created: Time()}
}

// Key is one of the sample keys.
func Key(id string) tenancy.Key {
	k := tenancy.Key{
		Org: Org, ID: tenancy.KeyID(id), Project: "proj", Kind: tenancy.KeyPersonal, Name: "ci", Holder: "ann",
		Membership: "mem_1", Models: tenancy.AllModels(), CreatedBy: "ann", Created: Time(),
		Current: tenancy.KeySecret{Pepper: "p1", Hint: "w9Xz", MintedBy: "ann", Minted: Time()},
	}
	copy(k.Current.Digest[:], id)
	return k
}

// Records are n records of calls of a project, with ids that tell it.
func Records(project string, n int) []usage.Record {
	rs := make([]usage.Record, n)
	for i := range rs {
		model := tenancy.ModelID(fmt.Sprint("model-", i%3))
		rs[i] = usage.Record{
			ID: usage.RecordID(fmt.Sprintf("rec_%s-%06d", project, i)), At: Time().Add(time.Duration(i) * time.Millisecond),
			Org: Org, Project: tenancy.ProjectID(project), Key: tenancy.KeyID(fmt.Sprint("key-", i%5)),
			Requested: model, Served: model, Outcome: usage.OutcomeOK, Status: 200, Count: 1,
			Units:   usage.Units{}.With(tenancy.UnitInput, 900).With(tenancy.UnitOutput, int64(i)),
			Latency: 800 * time.Millisecond,
		}
		if i%2 == 0 {
			rs[i].Cost = usage.Money{Micro: 1500, Known: true}
		}
	}
	return rs
}

// Span is a span of the roll-up that has every sample in it.
func Span() (from, to time.Time) {
	from = usage.QuarterOf(Time())
	return from, from.Add(time.Hour)
}
