package main

import (
	"crypto/sha256"
	"fmt"

	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

// peer answers queries from the same data. It authenticates as well: from the token's
// text on.
type peer struct {
	name   string
	answer func(q *query) (bool, error)
}

// disagreement is a peer's answer that is not ours.
type disagreement struct {
	peer string
	q    query
	got  bool
}

func (d *disagreement) Error() string {
	return fmt.Sprintf("peers disagree: %s says %v to key %d of model %s, which is %v", d.peer, d.got, d.q.key, d.q.model, d.q.want)
}

// agrees asks a peer every query, and compares.
func (p peer) agrees(queries []query) error {
	for i := range queries {
		got, err := p.answer(&queries[i])
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if got != queries[i].want {
			return &disagreement{p.name, queries[i], got}
		}
	}
	return nil
}

// subject asks a peer every query, and counts what it lets through, so that the
// answers are used.
func (p peer) subject(queries []query) subject {
	want := 0
	for i := range queries {
		if queries[i].want {
			want++
		}
	}
	return subject{name: p.name, ops: len(queries), run: func() error {
		allowed := 0
		for i := range queries {
			ok, err := p.answer(&queries[i])
			if err != nil {
				return err
			}
			if ok {
				allowed++
			}
		}
		if allowed != want {
			return fmt.Errorf("peers disagree: %s allowed %d queries of %d, not %d", p.name, allowed, len(queries), want)
		}
		return nil
	}}
}

// digester makes the digest in use of a query's token, as package keys does.
type digester struct {
	format  keys.Format
	peppers *keys.Peppers
}

func (w *world) digester() digester { return digester{w.format, w.peppers} }

func (d digester) of(token string) tenancy.Digest {
	parsed, err := d.format.Parse(token)
	if err != nil {
		return tenancy.Digest{}
	}
	digest, _ := d.peppers.Digest(0, parsed)
	return digest
}

// limitPlain is the least that can be done: SHA-256 of the token, one probe of a map,
// one of the models, one bit. It checks nothing else: what is refused for any reason
// has no bits.
func limitPlain(w *world) peer {
	may := make(map[[32]byte]mask, len(w.keys))
	for i := range w.keys {
		may[w.keys[i].plain] = w.callable(&w.keys[i])
	}
	models := w.numbers()
	return peer{"LIMIT, SHA-256", func(q *query) (bool, error) {
		var text [128]byte // on the stack: a conversion would allocate
		n := copy(text[:], q.token)
		m, found := may[sha256.Sum256(text[:n])]
		i, known := models[q.model]
		return found && known && m.has(i), nil
	}}
}

// limitKeyed is the same with the digest in use, of a token that was parsed before.
func limitKeyed(w *world) peer {
	may := make(map[tenancy.Digest]mask, len(w.keys))
	for i := range w.keys {
		may[w.keys[i].hmac] = w.callable(&w.keys[i])
	}
	models := w.numbers()
	return peer{"LIMIT, same digest", func(q *query) (bool, error) {
		digest, _ := w.peppers.Digest(0, q.parsed)
		m, found := may[digest]
		i, known := models[q.model]
		return found && known && m.has(i), nil
	}}
}

func (w *world) numbers() map[tenancy.ModelID]int {
	numbers := map[tenancy.ModelID]int{}
	for i, name := range w.names {
		numbers[name] = i
	}
	return numbers
}
