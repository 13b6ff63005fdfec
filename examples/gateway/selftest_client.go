package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// response is an answer as the self-test looks at it.
type response struct {
	status int
	header http.Header
	body   string
}

// code is the code of an error in OpenAI's form.
func (r response) code() string {
	var e struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	_ = json.Unmarshal([]byte(r.body), &e) // what is no error has no code
	return e.Error.Code
}

// is reports whether the answer is an error of a status and code, complete with
// its request id.
func (r response) is(status int, code string) bool {
	return r.status == status && r.code() == code && r.header.Get("X-Request-Id") != ""
}

// send sends a request. Headers come in pairs.
func (t *tester) send(method, path, body string, headers ...string) response {
	req, err := http.NewRequestWithContext(context.Background(), method, t.g.base+path, strings.NewReader(body))
	if err != nil {
		return response{body: err.Error()}
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
			continue
		}
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return response{body: err.Error()}
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		data = append(data, " (broken off)"...)
	}
	return response{res.StatusCode, res.Header, string(data)}
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

// chat sends one message.
func (t *tester) chat(token string, model tenancy.ModelID, text string) response {
	return t.post(token, chatBody(model, text))
}

func (t *tester) post(token, body string, headers ...string) response {
	return t.send(http.MethodPost, "/v1/chat/completions", body, append(bearer(token), headers...)...)
}

func chatBody(model tenancy.ModelID, text string) string {
	data, _ := json.Marshal(map[string]any{ // maps of texts always have a JSON form
		"model": model, "messages": []any{map[string]string{"role": "user", "content": text}},
	})
	return string(data)
}

func streamBody(model tenancy.ModelID, text, more string) string {
	return strings.TrimSuffix(chatBody(model, text), "}") + `,"stream":true` + more + "}"
}

// events are the data lines of a stream.
func (r response) events() (data []string) {
	for s := bufio.NewScanner(bytes.NewReader([]byte(r.body))); s.Scan(); {
		if line, ok := strings.CutPrefix(s.Text(), "data: "); ok {
			data = append(data, line)
		}
	}
	return data
}

// console asks a page of the console.
func (t *tester) console(who tenancy.UserID, method, path, body string) response {
	return t.send(method, path, body, bearer(t.g.logins.token(who))...)
}

// usage is a usage page.
func (t *tester) usage(path string) (report usage.Report) {
	_ = json.Unmarshal([]byte(t.console(owner, http.MethodGet, path, "").body), &report) // checked by its sums
	return report
}

// total adds the rows of a usage page up.
func (t *tester) total(path string) usage.Sums {
	sum, _ := t.usage(path).Total()
	return sum
}

// records are all records of an activity page.
func (t *tester) records(path string) (all []usage.Record) {
	after := ""
	for {
		var page struct {
			Rows []usage.Record
			Next string
		}
		_ = json.Unmarshal([]byte(t.console(owner, http.MethodGet, path+"?after="+after, "").body), &page) // checked by its count
		all = append(all, page.Rows...)
		if after = page.Next; after == "" {
			return all
		}
	}
}
