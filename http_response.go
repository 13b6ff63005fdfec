package tenet

import (
	"mime"
	"net/http"
	"strings"
	"time"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
	"example.com/tenet/usage/meter"
)

// answer lets next answer a call, meters what passes, and finishes the call
// whatever comes of it: also where next panics, which goes on.
func (x *exchange) answer(row route, scan bodyScan, call *Call, next http.Handler, out *http.Request) {
	m := &metered{
		ResponseWriter: x.w, edge: x.t.http, id: x.id, shape: row.shape, strip: scan.asking != (edit{}),
		began: time.Now(),
	}
	broken := true
	defer func() {
		m.end(broken)
		outcome := m.outcome(broken, x.r.Context().Err() != nil)
		// A record that cannot be written was reported where it failed; the answer is
		// the client's all the same.
		_ = call.Finish(Result{
			Outcome: outcome, Status: m.status, Units: m.answer.Units.With(tenancy.UnitRequests, 1),
			FirstToken: m.firstByte, RequestID: x.id,
		})
	}()
	next.ServeHTTP(m, out)
	broken = false
}

// metered passes an answer on and reads its units on the way. It adds no delay:
// but for an event of a stream that may have to be taken out, bytes go on as they
// come.
type metered struct {
	http.ResponseWriter
	edge  *edge
	id    string
	shape meter.Shape
	strip bool
	began time.Time

	status    int // 0 until the header was written
	firstByte time.Duration
	failed    bool          // the client did not take what was written
	stream    *meter.Stream // of an answer of server-sent events
	body      []byte        // of an answer of JSON, as far as there is room
	whole     bool          // body is all of it so far
	answer    meter.Answer  // once ended
}

// Unwrap is for http.ResponseController.
func (m *metered) Unwrap() http.ResponseWriter { return m.ResponseWriter }

// Flush sends on what was written.
func (m *metered) Flush() {
	if m.status == 0 {
		m.WriteHeader(http.StatusOK)
	}
	if err := http.NewResponseController(m.ResponseWriter).Flush(); err != nil {
		m.failed = true
	}
}

// WriteHeader decides by the header how the answer is read. What names the
// upstream's account to the client is taken out of it.
func (m *metered) WriteHeader(status int) {
	if m.status != 0 || status < 200 {
		m.ResponseWriter.WriteHeader(status)
		return
	}
	m.status = status
	h := m.Header()
	h.Set("X-Request-Id", m.id)
	for _, name := range []string{"Openai-Organization", "Openai-Project", "Set-Cookie"} {
		h.Del(name)
	}
	m.prepare(h)
	m.ResponseWriter.WriteHeader(status)
}

func (m *metered) prepare(h http.Header) {
	if e := h.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return // unreadable: its units are unknown
	}
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	switch {
	case err != nil:
	case kind == "text/event-stream":
		m.stream = meter.NewStream(m.shape, m.strip)
		if m.strip {
			h.Del("Content-Length")
		}
	case kind == "application/json":
		m.whole = true
	}
}

// Write passes p on.
func (m *metered) Write(p []byte) (int, error) {
	if m.status == 0 {
		m.WriteHeader(http.StatusOK)
	}
	if m.firstByte == 0 && len(p) > 0 {
		m.firstByte = max(time.Since(m.began), time.Microsecond)
	}
	if m.stream == nil {
		m.keep(p)
		return m.pass(p)
	}
	if _, err := m.pass(m.stream.Pass(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (m *metered) pass(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := m.ResponseWriter.Write(p)
	if err != nil {
		m.failed = true
	}
	return n, err
}

// keep holds an answer of JSON to be read when it is whole. One that is over the
// bound of a body, or for which there is no room, is let go, its units unknown.
func (m *metered) keep(p []byte) {
	if !m.whole {
		return
	}
	if int64(len(m.body)+len(p)) > m.edge.MaxBody || !m.edge.reserve(int64(len(p))) {
		m.drop()
		return
	}
	m.body = append(m.body, p...)
}

func (m *metered) drop() {
	m.edge.buffered.Add(-int64(len(m.body)))
	m.body, m.whole = nil, false
}

// end reads what there is to read.
func (m *metered) end(broken bool) {
	switch {
	case m.stream != nil:
		if rest := m.stream.End(); !broken {
			_, _ = m.pass(rest) // m.failed tells
		}
		m.answer = m.stream.Answer()
	case m.whole:
		m.answer = meter.Body(m.shape, m.body)
		m.drop()
	}
	if m.status == 0 && !broken {
		m.status = http.StatusOK // as net/http answers for a handler that wrote nothing
	}
}

// outcome judges how the call ended. The upstream's 429 and 5xx are its own
// errors, its other 4xx the client's. An answer that was not taken whole by a
// client that is gone is abandoned; one that broke off otherwise, and a stream
// that ended without saying so, are the upstream's errors.
func (m *metered) outcome(broken, gone bool) usage.Outcome {
	whole := !broken && !m.failed && (m.stream == nil || m.stream.Done() || m.status >= 400)
	switch {
	case gone && (!whole || m.status >= 400), m.failed:
		return usage.OutcomeAbandoned
	case !whole, m.status >= 500, m.status == http.StatusTooManyRequests, m.answer.Failed && m.status < 400:
		return usage.OutcomeUpstreamError
	case m.status >= 400:
		return usage.OutcomeClientError
	}
	return usage.OutcomeOK
}
