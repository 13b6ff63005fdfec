package main

import (
	"time"

	"example.com/tenet"
	"example.com/tenet/tenancy"
)

// source is something that calls: a key, or a person in the playground of the host.
type source struct {
	project string
	key     string         // its name; empty for a person in the playground
	user    tenancy.UserID // whose it is; the owner's keys are the services'
	share   float64        // of all calls
	load    shape
	models  []choice
	input   float64 // tokens of a usual call
	output  float64
	images  bool

	id        tenancy.KeyID
	token     string
	principal tenet.Principal
}

// choice is a model that a source names, and how often.
type choice struct {
	model  tenancy.ModelID
	weight float64
}

// shape is how much is called at an hour of the organization's clock, from 0 to about 1.
type shape func(t time.Time) float64

// sources are who calls in the example.
func sources() []*source {
	return []*source{
		{project: ofMember, key: "chat backend", user: owner, share: 0.33, load: consumers, input: 1400, output: 260,
			models: []choice{{"default", 3}, {"atlas-small", 7}}},
		{project: ofMember, key: "ticket summaries", user: owner, share: 0.08, load: office, input: 3200, output: 340,
			models: []choice{{"atlas-large", 9}, {"atlas-preview", 1}}},
		{project: ofMember, key: "Marco's notebook", user: member, share: 0.012, load: office, input: 2100, output: 420,
			models: []choice{{"atlas-large", 8}, {"atlas-preview", 2}, {"atlas-lagre", 0.2}}},
		{project: ofMember, user: member, share: 0.004, load: office, input: 700, output: 300, models: []choice{{"atlas-large", 1}}},
		{project: "Search", key: "query rewriter", user: owner, share: 0.27, load: consumers, input: 420, output: 60,
			models: []choice{{"atlas-small", 99}, {"atlas-large", 1}}}, // the second is not turned on
		{project: "Search", key: "nightly index", user: owner, share: 0.12, load: nightly, input: 6200,
			models: []choice{{"atlas-embed", 1}}},
		{project: "Document intake", key: "intake worker", user: owner, share: 0.1, load: office, input: 2600, output: 380, images: true,
			models: []choice{{"atlas-vision", 4}, {"atlas-large", 1}}},
		{project: "Document intake", key: "old scanner", user: owner, share: 0.03, load: office, input: 2400, output: 350, images: true,
			models: []choice{{"atlas-vision", 1}}},
		{project: "Route planner pilot", key: "planner", user: owner, share: 0.05, load: office, input: 4800, output: 900,
			models: []choice{{"atlas-large", 1}}},
		{project: "Route planner pilot", user: "tom", share: 0.002, load: office, input: 900, output: 500,
			models: []choice{{"atlas-large", 1}}},
	}
}

func weekend(t time.Time) bool { return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday }

// office is called while people work.
func office(t time.Time) float64 {
	hours := [24]float64{7: .2, 8: .7, 9: 1, 10: 1, 11: .9, 12: .5, 13: .7, 14: 1, 15: .95, 16: .7, 17: .3, 18: .1}
	if weekend(t) {
		return hours[t.Hour()] * .06
	}
	return hours[t.Hour()]
}

// consumers call all day, in the evening above all, and a little less at weekends.
func consumers(t time.Time) float64 {
	hours := [24]float64{.2, .12, .08, .06, .06, .1, .25, .5, .7, .8, .8, .8, .85, .8, .75, .75, .8, .9, 1, 1, .95, .8, .55, .35}
	if weekend(t) {
		return hours[t.Hour()] * .7
	}
	return hours[t.Hour()]
}

// nightly is called by a job that starts at two and takes three hours. Where the clock
// skips two o'clock it has an hour less.
func nightly(t time.Time) float64 {
	if t.Hour() >= 2 && t.Hour() < 5 {
		return 1
	}
	return 0
}
