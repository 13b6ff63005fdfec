// Command clients drives the example gateway with the official OpenAI client for
// Go: it lists models, completes, streams, embeds, and is refused in every way that
// the gateway's routes refuse. It prints a line a check, and how many requests the
// client sent for it: a refusal must not be sent again.
//
//	cd examples/clients && go run .
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
)

func main() {
	dir, err := os.MkdirTemp("", "tenet-clients")
	if err == nil {
		defer os.RemoveAll(dir)
		err = run(context.Background(), dir, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		os.Exit(1)
	}
}

// run starts the gateway in dir, does everything, and fails if a check does.
func run(ctx context.Context, dir string, out io.Writer) error {
	g, err := startGateway(ctx, dir)
	if err != nil {
		return err
	}
	c := &checker{out: out}
	works(ctx, c, g)
	refusals(ctx, c, g)
	fmt.Fprintf(out, "%d passed, %d failed\n", c.passed, c.failed)
	if err := g.stop(); err != nil {
		return err
	}
	if c.failed > 0 {
		return errors.New("the client was not answered as it should be")
	}
	return nil
}

type checker struct {
	out            io.Writer
	passed, failed int
}

func (c *checker) check(what string, ok bool, got any) {
	if ok {
		c.passed++
		fmt.Fprintln(c.out, "ok    ", what)
		return
	}
	c.failed++
	fmt.Fprintf(c.out, "FAILED %s: got %v\n", what, got)
}

// client is the official client with its defaults, retries included. It counts the
// requests that it sends.
func client(base, key string, sent *int) openai.Client {
	return openai.NewClient(
		option.WithBaseURL(base+"/v1/"), option.WithAPIKey(key),
		option.WithMiddleware(func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
			*sent++
			return next(r)
		}),
	)
}

func question(model, text string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)},
	}
}

// works is what the client is allowed.
func works(ctx context.Context, c *checker, g *gateway) {
	var sent int
	prod := client(g.base, g.prod, &sent)
	models, err := prod.Models.List(ctx)
	c.check("lists the models of its project", err == nil && ids(models.Data) == "default echo-embed echo-small", err)
	one, err := prod.Models.Get(ctx, "echo-small")
	c.check("gets one model", err == nil && one.ID == "echo-small", err)

	answer, err := prod.Chat.Completions.New(ctx, question("echo-small", "Hello there"))
	c.check("completes", err == nil && answer.Choices[0].Message.Content == "You said: Hello there" && answer.Usage.PromptTokens == 2, err)
	text, err := prod.Completions.New(ctx, openai.CompletionNewParams{
		Model: "echo-small", Prompt: openai.CompletionNewParamsPromptUnion{OfString: openai.String("one two")},
	})
	c.check("completes a text", err == nil && text.Choices[0].Text == "You said: one two", err)
	vector, err := prod.Embeddings.New(ctx, openai.EmbeddingNewParams{
		Model: "echo-embed", Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("a b")},
	})
	c.check("embeds", err == nil && len(vector.Data) == 1, err)

	said, usage, err := stream(ctx, prod, question("echo-small", "a b c"))
	c.check("streams, and is not shown usage that it did not ask for", err == nil && said == "You said: a b c " && usage == 0, fmt.Sprint(said, usage, err))
	asks := question("echo-small", "a b c")
	asks.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
	_, usage, err = stream(ctx, prod, asks)
	c.check("streams with usage where it asks", err == nil && usage == 3, fmt.Sprint(usage, err))
	respond(ctx, c, prod)
	c.check("sends each of these once", sent == 9, sent)
}

// respond asks for responses, whose input and answer are not those of a chat.
func respond(ctx context.Context, c *checker, prod openai.Client) {
	q := responses.ResponseNewParams{Model: "echo-small", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("one two")}}
	answer, err := prod.Responses.New(ctx, q)
	c.check("asks for a response", err == nil && answer.OutputText() == "You said: one two" && answer.Usage.InputTokens == 2, err)
	s := prod.Responses.NewStreaming(ctx, q)
	defer s.Close()
	said, used := "", int64(0)
	for s.Next() {
		event := s.Current()
		said += event.Delta
		used += event.Response.Usage.OutputTokens
	}
	c.check("streams a response, usage included", s.Err() == nil && said == "You said: one two " && used == 4, fmt.Sprint(said, used, s.Err()))
}

func ids(models []openai.Model) string {
	var list []string
	for _, m := range models {
		list = append(list, m.ID)
	}
	return strings.Join(list, " ")
}

func stream(ctx context.Context, c openai.Client, q openai.ChatCompletionNewParams) (said string, promptTokens int64, err error) {
	s := c.Chat.Completions.NewStreaming(ctx, q)
	defer s.Close()
	for s.Next() {
		chunk := s.Current()
		for _, choice := range chunk.Choices {
			said += choice.Delta.Content
		}
		promptTokens += chunk.Usage.PromptTokens
	}
	return said, promptTokens, s.Err()
}

// refusal is a call that must be refused, and how.
type refusal struct {
	what   string
	before func() error // what is done to bring it about; may be nil
	key    string
	ask    openai.ChatCompletionNewParams
	opts   []option.RequestOption
	status int
	kind   string
	code   string
}

func refusals(ctx context.Context, c *checker, g *gateway) {
	hello := question("echo-small", "Hello")
	for _, r := range []refusal{
		{what: "no key of this gateway's", key: "sk-none", ask: hello, status: 401, kind: "invalid_request_error", code: "invalid_api_key"},
		{what: "a key with its last character changed", key: changed(g.prod), ask: hello, status: 401, kind: "invalid_request_error", code: "invalid_api_key"},
		{what: "a foreign organization", key: g.prod, ask: hello, opts: []option.RequestOption{option.WithOrganization("org-somebody")}, status: 401, kind: "invalid_request_error", code: "mismatched_organization"},
		{what: "a model of another project", key: g.prod, ask: question("echo-large", "x"), status: 404, kind: "invalid_request_error", code: "model_not_found"},
		{what: "a model that does not exist", key: g.prod, ask: question("gpt-none", "x"), status: 404, kind: "invalid_request_error", code: "model_not_found"},
		{what: "no model", key: g.prod, ask: question("", "x"), status: 400, kind: "invalid_request_error"},
		{what: "two models", key: g.prod, ask: hello, opts: []option.RequestOption{option.WithJSONSet("models", []string{"echo-large"})}, status: 400, kind: "invalid_request_error"},
		{what: "a body over the bound", key: g.prod, ask: question("echo-small", strings.Repeat("x", 33<<20)), status: 413, kind: "invalid_request_error"},
		{what: "an archived project", before: g.console("POST", "/console/projects/"+g.project("prod")+"/archive"), key: g.prod, ask: hello, status: 403, kind: "permission_error", code: "project_archived"},
		{what: "a suspended organization", before: g.operator("POST", "/operator/suspend"), key: g.experiments, ask: question("echo-large", "x"), status: 403, kind: "permission_error", code: "organization_suspended"},
		{what: "a revoked key", before: g.console("DELETE", "/console/keys/"+keyID(g.experiments)), key: g.experiments, ask: question("echo-large", "x"), status: 401, kind: "invalid_request_error", code: "key_revoked"},
	} {
		c.refused(ctx, g, r)
	}
}

func (c *checker) refused(ctx context.Context, g *gateway, r refusal) {
	if r.before != nil {
		if err := r.before(); err != nil {
			c.check(r.what, false, err)
			return
		}
	}
	var sent int
	cl := client(g.base, r.key, &sent)
	_, err := cl.Chat.Completions.New(ctx, r.ask, r.opts...)
	var e *openai.Error
	ok := errors.As(err, &e) && e.StatusCode == r.status && e.Type == r.kind && e.Message != "" &&
		(r.code == "" || e.Code == r.code)
	c.check(fmt.Sprintf("%s is %d %s, sent once", r.what, r.status, r.code), ok && sent == 1, fmt.Sprintf("%v after %d requests", err, sent))
}
