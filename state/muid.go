package state

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strconv"

	"github.com/sowdev/sow/config/addr"
)

const (
	muidPrefix = "sow-"
	muidScheme = "1"
	muidLength = len(muidPrefix) + 52 // SHA-256 in unpadded base32
)

var muidEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// MUID returns the identifier that a message is sent with: "sow-" and the
// lower-case base32 SHA-256 of the scheme's version, the dataset, the
// conversation's address, the message's key and its generation, each preceded
// by its length. It is a pure function, so that a lost state can be rebuilt
// from the app and a second machine recognises what the first one sent.
//
// Whoever changes what it returns makes every stored message look foreign: the
// scheme's version is there to be raised, never the rest to be edited.
func MUID(dataset string, conversation addr.Object, key string, generation int) string {
	return NewMUIDs(dataset, conversation).Of(key, generation)
}

// MUIDs computes the [MUID]s of one conversation's messages. The part of the
// input that they share is written once. It is for one goroutine.
type MUIDs struct {
	input  []byte
	shared int
}

// NewMUIDs returns the MUIDs of a conversation.
func NewMUIDs(dataset string, conversation addr.Object) *MUIDs {
	m := &MUIDs{input: make([]byte, 0, 192)}
	m.add(muidScheme)
	m.add(dataset)
	m.add(conversation.String())
	m.shared = len(m.input)
	return m
}

func (m *MUIDs) add(part string) {
	m.input = binary.AppendUvarint(m.input, uint64(len(part)))
	m.input = append(m.input, part...)
}

// Of returns the muid of the message with that key and generation.
func (m *MUIDs) Of(key string, generation int) string {
	text := m.bytes(key, generation)
	return string(text[:])
}

func (m *MUIDs) bytes(key string, generation int) (text [muidLength]byte) {
	m.input = m.input[:m.shared]
	m.add(key)
	var digits [20]byte
	n := strconv.AppendInt(digits[:0], int64(generation), 10)
	m.input = binary.AppendUvarint(m.input, uint64(len(n)))
	m.input = append(m.input, n...)

	sum := sha256.Sum256(m.input)
	copy(text[:], muidPrefix)
	muidEncoding.Encode(text[len(muidPrefix):], sum[:])
	return text
}
