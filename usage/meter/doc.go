// Package meter reads what a call consumed off the answer that a model server
// gives, in the shapes that OpenAI's API made common.
//
// [Body] reads an answer of one JSON text. A [Stream] reads server-sent events as
// they pass, chunk by chunk, and can take out the extra usage event that a
// gateway asked for and its client did not.
//
//	s := meter.NewStream(meter.Chat, true)
//	for chunk := range upstream {
//		client.Write(s.Pass(chunk))
//	}
//	client.Write(s.End())
//	units := s.Answer().Units
//
// The package does not read requests, speaks no HTTP and prices nothing. Which of
// the two to use, the answer's Content-Type says. Content that is compressed
// reads as unknown.
//
// # It never fails a call
//
// There are no errors. What cannot be read is unknown, which is not 0: see
// [usage.Units]. An answer that is cut off, is not JSON or is nested deeper than
// 128 tells nothing. An amount counts only if it is written as a plain integer
// from 0 to 2^63-1: "7", 7.0, 1e3, -0 and true are unknown. So is a part that is
// more than its whole, or whose whole is unknown: cached input of input,
// reasoning of output.
//
// Of a member that occurs twice the last counts, as a whole: what the first one's
// object held is forgotten. Names are compared byte for byte as they are
// written, so a name spelled with \u escapes is not recognized.
//
// # Memory and concurrency
//
// [Body] allocates little but the model's name. A Stream holds at most one event,
// of at most [MaxEvent] bytes. Body may be called from any goroutine, a Stream
// from one at a time.
package meter
