package main

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// ask draws n queries: keys uniformly at random of those that tokens were kept of,
// models so that four of five queries are allowed.
func (w *world) ask(r *rand.Rand, n int, asked map[int]bool, tokens map[int]string) (err error) {
	from := slices.Sorted(maps.Keys(asked))
	if w.queries, err = w.draw(r, n, from, tokens); err != nil {
		return err
	}
	r.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
	w.hot, err = w.draw(r, n, from[:min(hot, len(from))], tokens)
	return err
}

func (w *world) draw(r *rand.Rand, n int, from []int, tokens map[int]string) ([]query, error) {
	live := 0
	for _, i := range from {
		if w.callable(&w.keys[i]) != 0 {
			live++
		}
	}
	queries := make([]query, n)
	for i := range queries {
		k := from[r.IntN(len(from))]
		may := w.callable(&w.keys[k])
		// Of keys that may call nothing every query is refused; the others make up for it.
		want := may != 0 && r.IntN(10_000*live) < allowedOf10000*len(from)
		number := (everything &^ may).one(r)
		if want {
			number = may.one(r)
		}
		parsed, err := w.format.Parse(tokens[k])
		if err != nil {
			return nil, err
		}
		queries[i] = query{token: tokens[k], parsed: parsed, key: k, model: w.names[number], number: number, want: want}
	}
	return queries, nil
}
