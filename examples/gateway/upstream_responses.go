package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// respond answers a call of responses whose input is one text.
func respond(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Model  string `json:"model"`
		Input  string `json:"input"`
		Stream bool   `json:"stream"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		refuse(w, http.StatusBadRequest, "not JSON, or an input that is no text")
		return
	}
	said := append([]string{"You", "said:"}, strings.Fields(q.Input)...)
	full := wholeResponse(q.Model, strings.Join(said, " "), len(said)-2, len(said))
	if q.Stream {
		streamResponse(w, said, full)
		return
	}
	answer(w, http.StatusOK, full)
}

func wholeResponse(model, text string, in, out int) map[string]any {
	return map[string]any{
		"id": "resp_1", "object": "response", "created_at": time.Now().Unix(), "status": "completed", "error": nil, "model": model,
		"output": []any{map[string]any{
			"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
			"content": []any{map[string]any{"type": "output_text", "text": text, "annotations": []any{}}},
		}},
		"usage": map[string]any{"input_tokens": in, "output_tokens": out, "total_tokens": in + out},
	}
}

// streamResponse sends a word an event. The last event has the whole response and, in
// it, the usage.
func streamResponse(w http.ResponseWriter, words []string, full map[string]any) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	number := 0
	send := func(kind string, event map[string]any) {
		event["type"], event["sequence_number"] = kind, number
		number++
		data, _ := json.Marshal(event) // maps of plain values always have a JSON form
		fmt.Fprintf(w, "event: %s\ndata: %s\n\n", kind, data)
		_ = out.Flush() // a client that is gone is noticed by the server
	}
	for i, word := range words {
		if i == 3 && words[2] == "!cut" {
			panic(http.ErrAbortHandler)
		}
		send("response.output_text.delta", map[string]any{"item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": word + " "})
	}
	send("response.completed", map[string]any{"response": full})
}
