package meter

import "bytes"

// An event of a stream mostly tells nothing that is of note. It is looked through for a
// few words, which takes a fraction of the time of reading it, and is read only where one
// is there. Since members are looked for as they are written, one that is not among the
// bytes of an event is not among its members.

// hints are the words without one of which an event of a shape tells no usage, no
// failure and no end. Of names of events the endings are enough.
var hints = map[Shape][]string{
	Chat:           {`"error"`},
	Completions:    {`"error"`},
	Embeddings:     {`"error"`},
	Plain:          {`"error"`},
	Responses:      {`error"`, `completed"`, `incomplete"`, `failed"`},
	Images:         {`error"`, `completed"`},
	Speech:         {`error"`, `.done"`},
	Transcriptions: {`error"`, `.done"`, `"duration"`},
}

// idle reports whether data, of an event, tells nothing that the stream does not know.
func (s *Stream) idle(data []byte) bool {
	for _, word := range s.hints {
		if bytes.Contains(data, []byte(word)) {
			return false
		}
	}
	return !tellsUsage(data) && !s.tellsModel(data)
}

// tellsUsage reports whether there may be a usage object. Where usage was asked for,
// every event but the last has a usage of null.
func tellsUsage(data []byte) bool { return says(data, `"usage"`, []byte("null")) }

// tellsModel reports whether there may be a model other than the one that is known.
func (s *Stream) tellsModel(data []byte) bool { return says(data, `"model"`, s.model) }

// says reports whether name stands anywhere in data and is not followed by the known
// value.
func says(data []byte, name string, known []byte) bool {
	for {
		_, rest, found := bytes.Cut(data, []byte(name))
		if !found {
			return false
		}
		value, member := bytes.CutPrefix(rest, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		if !member || len(known) == 0 || !bytes.HasPrefix(value, known) {
			return true
		}
		data = value
	}
}
