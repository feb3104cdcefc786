package planner

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"strconv"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/state"
)

// MUID returns the identifier that the message with that key and generation is
// sent with; see [state.MUID].
func MUID(dataset string, conversation addr.Object, key string, generation int) string {
	return state.MUID(dataset, conversation, key, generation)
}

// ContentKey returns the key of an unlabelled message: "~" and the first
// sixteen hex digits of the SHA-256 over sender, type, text, attachments and
// custom data, each preceded by its length. Of a sensitive part only its
// presence counts, because keys are shown and stored. Equal messages of a
// conversation have equal content keys; from the second on ".2", ".3" is
// appended.
func ContentKey(m *config.Message) string {
	return formatKey(contentHash(appendContent(nil, m)))
}

// keyLength is the length of a content key without the number of its like.
const keyLength = 1 + 16

func formatKey(hash uint64) string {
	const digits = "0123456789abcdef"
	var key [keyLength]byte
	key[0] = '~'
	for i := range 16 {
		key[1+i] = digits[hash>>(60-4*i)&0xF]
	}
	return string(key[:])
}

// numberKey is the key of the nth message with that content.
func numberKey(hash uint64, n int) string {
	if n == 1 {
		return formatKey(hash)
	}
	return formatKey(hash) + "." + strconv.Itoa(n)
}

// parseKey splits a content key into its hash and its number among its like.
func parseKey(key string) (hash uint64, number int, ok bool) {
	if len(key) < keyLength || key[0] != '~' {
		return 0, 0, false
	}
	hash, err := strconv.ParseUint(key[1:keyLength], 16, 64)
	if err != nil {
		return 0, 0, false
	}
	if len(key) == keyLength {
		return hash, 1, true
	}
	if key[keyLength] != '.' {
		return 0, 0, false
	}
	number, err = strconv.Atoi(key[keyLength+1:])
	return hash, number, err == nil && number > 1
}

// isLabel reports whether a key in state is a label.
func isLabel(key string) bool { return key[0] != '~' }

func contentHash(content []byte) uint64 {
	sum := sha256.Sum256(content)
	return binary.BigEndian.Uint64(sum[:8])
}

// The canonical form of a message's content is the list of its parts, each
// preceded by its length plus one. A zero length is a sensitive part.

// appendContent appends the canonical form of what a content key is made of.
func appendContent(dst []byte, m *config.Message) []byte {
	dst = appendPart(dst, m.From.UID)
	dst = appendPart(dst, m.Type)
	dst = appendSecret(dst, m.Text, slices.Contains(m.Sensitive, "text"))
	if slices.Contains(m.Sensitive, "attachments") {
		dst = append(dst, 0)
	} else {
		for _, a := range m.Attachments {
			dst = appendAttachmentParts(dst, state.Attachment(a))
		}
	}
	return appendSecret(dst, string(m.CustomData), slices.Contains(m.Sensitive, "custom_data"))
}

func appendPart(dst []byte, part string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(part))+1)
	return append(dst, part...)
}

func appendSecret(dst []byte, part string, secret bool) []byte {
	if secret && part != "" {
		return append(dst, 0)
	}
	return appendPart(dst, part)
}

func appendAttachmentParts(dst []byte, a state.Attachment) []byte {
	dst = appendPart(dst, a.URL)
	dst = appendPart(dst, a.Name)
	dst = appendPart(dst, a.MimeType)
	dst = appendPart(dst, a.Extension)
	return appendPart(dst, a.Size)
}

// fingerprint stands for a message inside one run, to tell whether two are
// equal. Sensitive parts are compared by their seals.
type fingerprint [2]uint64

// fingerprints computes fingerprints. It is not for concurrent use.
type fingerprints struct {
	seeds   [2]maphash.Seed
	hashKey string
	buf     []byte
}

func newFingerprints(hashKey string) *fingerprints {
	return &fingerprints{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, hashKey: hashKey}
}

func (f *fingerprints) sum() fingerprint {
	return fingerprint{maphash.Bytes(f.seeds[0], f.buf), maphash.Bytes(f.seeds[1], f.buf)}
}

// declared returns the fingerprints of a declared message: of its content, and
// of all that is declared of it but the label.
func (f *fingerprints) declared(m *config.Message) (content, whole fingerprint) {
	f.buf = appendContent(f.buf[:0], m)
	if len(m.Sensitive) > 0 {
		f.declaredSeals(m, contentNames[:])
	}
	content = f.sum()
	secret := func(name string) bool { return slices.Contains(m.Sensitive, name) }
	f.buf = appendSecret(f.buf, string(m.Metadata), secret("metadata"))
	f.appendTags(m.Tags, secret("tags"))
	f.buf = appendPart(f.buf, m.Expect)
	f.appendTime(m.At)
	f.appendGap(m.After)
	if len(m.Sensitive) > 0 {
		f.declaredSeals(m, otherNames[:])
	}
	return content, f.sum()
}

// seeded returns the fingerprints of a message in state.
func (f *fingerprints) seeded(m *state.Message) (content, whole fingerprint) {
	secret := func(name string) bool { return m.Sealed[name] != "" }
	dst := appendPart(f.buf[:0], m.Sender)
	dst = appendPart(dst, messageType(m))
	dst = appendSealed(dst, m.Text, secret("text"))
	if secret("attachments") {
		dst = append(dst, 0)
	} else {
		for _, a := range m.Attachments {
			dst = appendAttachmentParts(dst, a)
		}
	}
	f.buf = appendSealed(dst, string(m.CustomData), secret("custom_data"))
	f.seededSeals(m, contentNames[:])
	content = f.sum()
	f.buf = appendSealed(f.buf, string(m.Metadata), secret("metadata"))
	f.appendTags(m.Tags, secret("tags"))
	f.buf = appendPart(f.buf, m.Expect)
	f.appendTime(parsed(m.At, config.ParseTime))
	f.appendGap(parsed(m.After, config.ParseDuration))
	f.seededSeals(m, otherNames[:])
	return content, f.sum()
}

// ofDeclared returns what a declared message is found again by: its label, or
// all that is declared of it.
func (f *fingerprints) ofDeclared(m *config.Message) fingerprint {
	if m.Label != "" {
		return f.label(m.Label)
	}
	_, whole := f.declared(m)
	return whole
}

// ofSeeded is ofDeclared for a message in state.
func (f *fingerprints) ofSeeded(m *state.Message) fingerprint {
	if isLabel(m.Key) {
		return f.label(m.Key)
	}
	_, whole := f.seeded(m)
	return whole
}

func (f *fingerprints) label(label string) fingerprint {
	f.buf = append(append(f.buf[:0], 0), label...) // no content begins like that
	return f.sum()
}

// parsed reads what the state has of a time or a gap; nil when it has none.
func parsed[T any](text string, parse func(string) (T, error)) *T {
	if text == "" {
		return nil
	}
	if v, err := parse(text); err == nil {
		return &v
	}
	return nil
}

// The parts of a message that can be sensitive, those of its content apart.
var (
	contentNames = [...]string{"text", "attachments", "custom_data"}
	otherNames   = [...]string{"metadata", "tags"}
)

func (f *fingerprints) declaredSeals(m *config.Message, names []string) {
	for _, name := range names {
		if value := sealable(m, name); value != "" && slices.Contains(m.Sensitive, name) {
			f.buf = appendPart(f.buf, name)
			f.buf = appendPart(f.buf, Seal(f.hashKey, name, value))
		}
	}
}

func (f *fingerprints) seededSeals(m *state.Message, names []string) {
	if len(m.Sealed) == 0 {
		return
	}
	for _, name := range names {
		if seal := m.Sealed[name]; seal != "" {
			f.buf = appendPart(f.buf, name)
			f.buf = appendPart(f.buf, seal)
		}
	}
}

// appendSealed is appendSecret for a value that state may have sealed, and then
// does not have.
func appendSealed(dst []byte, part string, sealed bool) []byte {
	if sealed {
		return append(dst, 0)
	}
	return appendPart(dst, part)
}

func (f *fingerprints) appendTags(tags []string, secret bool) {
	if secret {
		f.buf = append(f.buf, 0)
		return
	}
	f.buf = binary.AppendUvarint(f.buf, uint64(len(tags))+1)
	for _, tag := range tags {
		f.buf = appendPart(f.buf, tag)
	}
}

func (f *fingerprints) appendTime(t *Time) {
	if t == nil {
		f.buf = append(f.buf, 0xFF)
		return
	}
	f.buf = append(f.buf, byte(t.Base))
	f.buf = binary.AppendVarint(f.buf, t.Seconds)
}

func (f *fingerprints) appendGap(seconds *int64) {
	if seconds == nil {
		f.buf = append(f.buf, 0)
		return
	}
	f.buf = binary.AppendVarint(append(f.buf, 1), *seconds)
}

func messageType(m *state.Message) string {
	if m.Type == "" {
		return "text"
	}
	return m.Type
}
