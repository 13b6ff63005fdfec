package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"example.com/tenet/tenancy"
)

// The models of the built-in upstream, and an alias for the catalogue.
const (
	modelSmall tenancy.ModelID = "echo-small"
	modelLarge tenancy.ModelID = "echo-large"
	modelEmbed tenancy.ModelID = "echo-embed"
	modelAlias tenancy.ModelID = "default"
)

// builtIn is an upstream that speaks the wire format and repeats what it is told, a
// token being a word. A message that begins with "!fail" is answered with a 500,
// and "!cut" breaks a stream off in the middle.
func builtIn() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", listModels)
	mux.HandleFunc("POST /v1/chat/completions", complete)
	mux.HandleFunc("POST /v1/completions", complete)
	mux.HandleFunc("POST /v1/embeddings", embed)
	mux.HandleFunc("POST /v1/responses", respond)
	return mux
}

func listModels(w http.ResponseWriter, _ *http.Request) {
	type model struct {
		ID     tenancy.ModelID `json:"id"`
		Object string          `json:"object"`
	}
	answer(w, http.StatusOK, map[string]any{"object": "list", "data": []model{
		{modelSmall, "model"}, {modelLarge, "model"}, {modelEmbed, "model"},
	}})
}

// completion is what the upstream reads of a request.
type completion struct {
	Model    string `json:"model"`
	Messages []struct {
		Content string `json:"content"`
	} `json:"messages"`
	Prompt        string `json:"prompt"`
	Stream        bool   `json:"stream"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
}

// said is the text to repeat, and how many tokens came in.
func (c completion) said() (text string, tokens int) {
	text = c.Prompt
	for _, m := range c.Messages {
		text = m.Content
		tokens += len(strings.Fields(m.Content))
	}
	return text, tokens + len(strings.Fields(c.Prompt))
}

func complete(w http.ResponseWriter, r *http.Request) {
	var c completion
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		refuse(w, http.StatusBadRequest, "not JSON")
		return
	}
	text, in := c.said()
	if strings.HasPrefix(text, "!fail") {
		refuse(w, http.StatusInternalServerError, "as asked")
		return
	}
	words := append([]string{"You", "said:"}, strings.Fields(text)...)
	usage := map[string]any{"prompt_tokens": in, "completion_tokens": len(words), "total_tokens": in + len(words)}
	chat := strings.HasPrefix(r.URL.Path, "/v1/chat")
	if c.Stream {
		stream(w, c, chat, words, usage)
		return
	}
	full := strings.Join(words, " ")
	choice := map[string]any{"index": 0, "finish_reason": "stop"}
	object := "text_completion"
	if chat {
		choice["message"] = map[string]any{"role": "assistant", "content": full}
		object = "chat.completion"
	} else {
		choice["text"] = full
	}
	answer(w, http.StatusOK, map[string]any{
		"id": "cmpl-1", "object": object, "created": time.Now().Unix(), "model": c.Model,
		"choices": []any{choice}, "usage": usage,
	})
}

// stream sends a word an event, and the usage last where it was asked for.
func stream(w http.ResponseWriter, c completion, chat bool, words []string, usage map[string]any) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	send := func(choices []any, usage any) {
		object := "text_completion"
		if chat {
			object = "chat.completion.chunk"
		}
		chunk := map[string]any{"id": "cmpl-1", "object": object, "created": time.Now().Unix(), "model": c.Model, "choices": choices}
		if c.StreamOptions.IncludeUsage {
			chunk["usage"] = usage
		}
		data, _ := json.Marshal(chunk) // maps of plain values always have a JSON form
		fmt.Fprintf(w, "data: %s\n\n", data)
		_ = out.Flush() // a client that is gone is noticed by the server
	}
	for i, word := range words {
		if i == 3 && words[2] == "!cut" {
			panic(http.ErrAbortHandler)
		}
		choice := map[string]any{"index": 0, "finish_reason": nil}
		if chat {
			choice["delta"] = map[string]any{"content": word + " "}
		} else {
			choice["text"] = word + " "
		}
		send([]any{choice}, nil)
	}
	if c.StreamOptions.IncludeUsage {
		send([]any{}, usage)
	}
	fmt.Fprint(w, "data: [DONE]\n\n")
}

func embed(w http.ResponseWriter, r *http.Request) {
	var e struct {
		Model string `json:"model"`
		Input any    `json:"input"`
	}
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
		refuse(w, http.StatusBadRequest, "not JSON")
		return
	}
	tokens := len(strings.Fields(fmt.Sprint(e.Input)))
	answer(w, http.StatusOK, map[string]any{
		"object": "list", "model": e.Model,
		"data":  []any{map[string]any{"object": "embedding", "index": 0, "embedding": []float64{0.25, -0.5, 1}}},
		"usage": map[string]any{"prompt_tokens": tokens, "total_tokens": tokens},
	})
}

func refuse(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]any{"error": map[string]any{"message": message, "type": "server_error"}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone is no news
}
