package storetest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"sync"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// crashLine is what the writing process tells the one that kills it. A try is told
// before the call, its answer after it.
type crashLine struct {
	N      int64               `json:"n,omitempty"`     // number of the try, from 1
	Batch  *batchForm          `json:"batch,omitempty"` // about to be committed
	Calls  []usage.Record      `json:"calls,omitempty"` // about to be appended
	Said   said                `json:"said,omitempty"`  // the answer
	Rev    store.Rev           `json:"rev,omitempty"`   // of what was put; zero where a repetition was answered
	Cursor store.Cursor        `json:"cursor,omitempty"`
	Ops    []store.OperationID `json:"ops,omitempty"`   // of the entries that led to Cursor
	Wrong  string              `json:"wrong,omitempty"` // what no sound store does
}

// said is how a try was answered; empty while it was not.
type said string

const (
	saidDone    said = "done"
	saidRefused said = "refused"
)

// batchForm is a batch as JSON.
type batchForm struct {
	Entry         store.Entry
	Check, Delete []store.Check
	Put           []putForm
}

type putForm struct {
	Rev   store.Rev
	Kind  tenancy.Kind
	Value json.RawMessage // as store.Marshal makes it
}

func formOfBatch(b store.Batch) (*batchForm, error) {
	f := &batchForm{Entry: b.Entry, Check: b.Check, Delete: b.Delete}
	for _, r := range b.Put {
		form, err := store.Marshal(r.Value)
		if err != nil {
			return nil, err
		}
		f.Put = append(f.Put, putForm{r.Rev, r.Value.Ref().Kind, form})
	}
	return f, nil
}

func (f batchForm) batch() (store.Batch, error) {
	b := store.Batch{Entry: f.Entry, Check: f.Check, Delete: f.Delete}
	for _, p := range f.Put {
		v, err := store.Unmarshal(p.Kind, p.Value)
		if err != nil {
			return store.Batch{}, err
		}
		b.Put = append(b.Put, store.Record{Rev: p.Rev, Value: v})
	}
	return b, nil
}

// crashPrefix tells the lines from whatever else a test prints.
const crashPrefix = "storetest-crash "

// teller writes lines, whole ones from many goroutines.
type teller struct {
	one sync.Mutex
	to  io.Writer
}

func (t *teller) tell(l crashLine) error {
	form, err := json.Marshal(l)
	if err != nil {
		return err
	}
	t.one.Lock()
	defer t.one.Unlock()
	_, err = t.to.Write([]byte("\n" + crashPrefix + string(form) + "\n"))
	return err
}

// readLines gives lines to each until from ends. One that was cut short is left out,
// as if it had not been told.
func readLines(from io.Reader, each func(crashLine)) error {
	for in := bufio.NewReader(from); ; {
		text, err := in.ReadBytes('\n')
		if err != nil {
			return nil //nolint:nilerr // a killed writer's pipe ends where it ends
		}
		form, ours := bytes.CutPrefix(text, []byte(crashPrefix))
		if !ours {
			continue
		}
		var l crashLine
		if err := json.Unmarshal(form, &l); err != nil {
			return err
		}
		each(l)
	}
}
