package tenet

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"mime"
	"net"
	"net/http"
	"time"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
	"example.com/tenet/usage/meter"
)

// metered is the answer of one call on its way to the client. What cannot be read
// is unknown; the answer itself is never held up or changed by that.
type metered struct {
	http.ResponseWriter
	id    string
	route route
	began time.Time
	strip bool // usage was asked for by the gateway alone: take it out again

	client context.Context // ends when the client goes

	status  int           // 0 until the final header
	unheard bool          // the client had gone by then
	first   time.Duration // to the first byte of a stream
	failed  bool          // a write to the client failed
	stream  *meter.Stream // of an answer in events
	finder  *usageFinder  // of an answer in JSON
}

// WriteHeader sends the header without what tells of the shared account. An
// informational one passes through as it is.
func (m *metered) WriteHeader(status int) {
	if m.status == 0 && status >= http.StatusOK {
		m.status, m.unheard = status, m.client.Err() != nil
		m.prepare(m.Header())
	}
	m.ResponseWriter.WriteHeader(status)
}

// prepare cleans the header and looks for what can be metered. An encoded body is
// passed on as it is.
func (m *metered) prepare(h http.Header) {
	for name := range h {
		if listed(sharedAccount, name) {
			delete(h, name)
		}
	}
	h[requestIDHeader] = []string{m.id}
	if encoding := h.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return
	}
	switch media, _, _ := mime.ParseMediaType(h.Get("Content-Type")); media {
	case "text/event-stream":
		m.stream = meter.NewStream(m.route.shape, m.strip)
		if m.strip {
			h.Del("Content-Length")
		}
	case "application/json":
		m.finder = &usageFinder{}
	}
}

// Write passes p on at once; of a stream from which usage is taken out, as much as
// can be told from it.
func (m *metered) Write(p []byte) (int, error) {
	if m.status == 0 {
		m.WriteHeader(http.StatusOK)
	}
	out := p
	switch {
	case m.stream != nil:
		if m.first == 0 && len(p) > 0 {
			m.first = max(time.Since(m.began), time.Microsecond) // 0 is unknown
		}
		out = m.stream.Pass(p)
	case m.finder != nil:
		m.finder.read(p)
	}
	if err := m.send(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (m *metered) send(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	_, err := m.ResponseWriter.Write(p)
	m.failed = m.failed || err != nil
	return err
}

// end completes the answer where next has returned: without a word of next's it
// is an empty 200, and what a stream ends with in the middle of an event goes out
// as it is. An answer of known length is sent off, so that the client has all of
// it before the call is written down.
func (m *metered) end() {
	if m.status == 0 {
		m.WriteHeader(http.StatusOK)
	}
	if m.stream != nil {
		_ = m.send(m.stream.End()) // failed tells
	}
	if m.stream != nil || m.Header().Get("Content-Length") != "" {
		m.Flush()
	}
}

// FlushError sends what was written. It is what [http.ResponseController] calls.
func (m *metered) FlushError() error {
	if m.status == 0 {
		m.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(m.ResponseWriter).Flush()
}

// Flush is FlushError for whoever asks for an [http.Flusher].
func (m *metered) Flush() { _ = m.FlushError() }

// Hijack refuses: behind it nothing could be metered.
func (m *metered) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.ErrUnsupported
}

// Unwrap gives [http.ResponseController] the deadlines.
func (m *metered) Unwrap() http.ResponseWriter { return m.ResponseWriter }

// result is how the call ended; returned says that next did, and did not panic.
func (m *metered) result(returned bool) Result {
	told := m.told()
	return Result{
		Outcome: m.outcome(returned, told.Failed), Status: m.status, Units: told.Units.With(tenancy.UnitRequests, 1),
		FirstToken: m.first, RequestID: m.id,
	}
}

// told is what the answer says about itself, also where it was cut off.
func (m *metered) told() meter.Answer {
	switch {
	case m.stream != nil:
		m.stream.End() // reads an event whose end did not come
		return m.stream.Answer()
	case m.finder != nil:
		return meter.Body(m.route.shape, m.finder.object())
	}
	return meter.Answer{}
}

// operators are answers below 500 that are about the host's own credential and
// account upstream: the client did nothing wrong.
var operators = map[int]bool{
	http.StatusUnauthorized:    true,
	http.StatusPaymentRequired: true,
	http.StatusTooManyRequests: true,
}

// outcome goes by the status of an answer that went out whole. One that did not
// was abandoned by a client that is gone, and is otherwise the upstream's error:
// a panic of next, or a stream without its end. So is an error under a status of
// success. A client that leaves before the answer makes next write a 502 to nobody,
// which is no error of the upstream.
func (m *metered) outcome(returned, failed bool) usage.Outcome {
	good := m.status < http.StatusMultipleChoices
	whole := returned && !m.failed && (m.stream == nil || m.stream.Done() || !good)
	switch {
	case m.unheard, !whole && (m.failed || m.client.Err() != nil):
		return usage.OutcomeAbandoned
	case whole && good && !failed:
		return usage.OutcomeOK
	case whole && m.status >= http.StatusBadRequest && m.status < http.StatusInternalServerError && !operators[m.status]:
		return usage.OutcomeClientError
	}
	return usage.OutcomeUpstreamError
}

// usageFinder reads a JSON object that passes by in parts, and keeps of it the
// members usage and error of the top level. So an answer of any size takes the same
// memory.
type usageFinder struct {
	depth           int
	quoted, escaped bool
	name            []byte // the last text, from its opening quote, cut short; before a colon, a member's name
	keeping         bool   // what is read is the value of a member to keep
	kept            []byte // the members, separated by commas
}

// maxKept bounds what is kept of an answer, in bytes. A longer one is cut, and
// tells nothing.
const maxKept = 64 << 10

func (f *usageFinder) read(p []byte) {
	for _, c := range p {
		if f.depth == 1 && !f.quoted && (c == ',' || c == '}') {
			f.keeping = false
		}
		f.keep(c)
		f.step(c)
	}
}

func (f *usageFinder) keep(c byte) {
	if f.keeping && len(f.kept) < maxKept {
		f.kept = append(f.kept, c)
	}
	if f.quoted && len(f.name) < len(`"usage"`) {
		f.name = append(f.name, c)
	}
}

func (f *usageFinder) step(c byte) {
	switch {
	case f.escaped:
		f.escaped = false
	case f.quoted:
		f.escaped, f.quoted = c == '\\', c != '"'
	case c == '"':
		f.quoted, f.name = true, append(f.name[:0], c)
	case c == '{' || c == '[':
		f.depth++
	case c == '}' || c == ']':
		f.depth--
	case c == ':' && f.depth == 1:
		f.begin()
	}
}

// begin decides whether the value that follows is kept.
func (f *usageFinder) begin() {
	f.keeping = string(f.name) == `"usage"` || string(f.name) == `"error"`
	if !f.keeping || len(f.kept) >= maxKept {
		return
	}
	if len(f.kept) > 0 {
		f.kept = append(f.kept, ',')
	}
	f.kept = append(append(f.kept, f.name...), ':')
}

// object is an answer with nothing but what was kept.
func (f *usageFinder) object() []byte {
	return bytes.Join([][]byte{[]byte("{"), f.kept, []byte("}")}, nil)
}
