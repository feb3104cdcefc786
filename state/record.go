package state

import (
	"bytes"
	"errors"
	"hash/crc32"
	"strconv"

	"github.com/sowdev/sow/state/jsonline"
)

// A journal is lines of JSON. The first says what it is:
//
//	{"sow":"journal","version":1,"lineage":"…","serial":7,"crc":"9b1c0f2a"}
//
// Serial is the serial of the snapshot that the journal goes on from, 0 when
// there is none. The others are records, numbered from 1:
//
//	{"n":1,"run":{…},"header":{…},"crc":"…"}              a run begins
//	{"n":2,"header":{…},"crc":"…"}                        PutHeader
//	{"n":3,"object":{"user":"user.ana",…},"crc":"…"}      PutUser, PutGroup, PutConversation
//	{"n":4,"gone":"user.bob","crc":"…"}                   Delete
//	{"n":5,"intend":"conversation.a","m":{…},"crc":"…"}   Intend
//	{"n":6,"receipt":5,"id":"17","mod":"approved",…}      Receipt of an intent
//	{"n":7,"void":5,…}                                    Void of an intent
//	{"n":8,"void":"conversation.a","key":"…","muid":"…",…} Void of one from before
//	{"n":9,"put":"conversation.a","m":{…},…}              PutMessage, and other receipts
//	{"n":10,"delete":"conversation.a","key":"…",…}        DeleteMessage
//	{"n":11,"end":"…",…}                                  Close, with the run's id
//
// The checksum is the CRC-32C of the line up to it, begun with the checksum of
// the line before: a line that is changed, moved, repeated or taken from
// elsewhere does not fit. Between n and the rest may stand "s":N, which says
// that the disk confirmed all records up to N.

// kind is what a record is.
type kind uint8

const (
	kindRun kind = iota
	kindHeader
	kindObject
	kindGone
	kindIntend
	kindReceipt
	kindVoid
	kindPut
	kindDelete
	kindEnd
)

const (
	crcField   = `,"crc":"`
	crcLength  = len(crcField) + 8 + len(`"}`)
	journalSow = "journal"
)

// appendCRC closes the line that begins at start and lacks its closing brace.
func appendCRC(dst []byte, start int, previous uint32) (whole []byte, crc uint32) {
	crc = crc32.Update(previous, castagnoli(), dst[start:])
	dst = append(dst, crcField...)
	dst = appendHex32(dst, crc)
	return append(dst, '"', '}', '\n'), crc
}

// cutCRC separates a line from the checksum that it states.
func cutCRC(line []byte) (body []byte, stated uint32, ok bool) {
	if len(line) < crcLength {
		return nil, 0, false
	}
	body, tail := line[:len(line)-crcLength], line[len(line)-crcLength:]
	if string(tail[:len(crcField)]) != crcField || string(tail[len(tail)-2:]) != `"}` {
		return nil, 0, false
	}
	for _, c := range tail[len(crcField) : len(crcField)+8] {
		switch {
		case c >= '0' && c <= '9':
			stated = stated<<4 | uint32(c-'0')
		case c >= 'a' && c <= 'f':
			stated = stated<<4 | uint32(c-'a'+10)
		default:
			return nil, 0, false
		}
	}
	return body, stated, true
}

// checkCRC is cutCRC for a line that must follow one with the checksum
// previous.
func checkCRC(line []byte, previous uint32) (body []byte, crc uint32, ok bool) {
	body, stated, ok := cutCRC(line)
	if !ok || crc32.Update(previous, castagnoli(), body) != stated {
		return nil, 0, false
	}
	return body, stated, true
}

// record is one line of a journal, taken apart as far as every record goes.
type record struct {
	n      uint64
	synced uint64 // 0 when the record does not say
	kind   kind
	value  []byte // what follows the kind's colon, to the end of the body
}

// refers reports whether a void names its intent by number.
func (r record) refers() bool {
	_, rest, ok := cutNumber(r.value)
	return ok && len(rest) == 0
}

var errRecord = errors.New("this is no record of a journal")

// parseRecord takes a line's body apart. Journals are written by machines
// only: nothing but the form that sow writes is taken.
func parseRecord(body []byte) (r record, err error) {
	rest, ok := bytes.CutPrefix(body, []byte(`{"n":`))
	if !ok {
		return r, errRecord
	}
	if r.n, rest, ok = cutNumber(rest); !ok {
		return r, errRecord
	}
	if after, ok := bytes.CutPrefix(rest, []byte(`,"s":`)); ok {
		if r.synced, rest, ok = cutNumber(after); !ok {
			return r, errRecord
		}
	}
	rest, ok = bytes.CutPrefix(rest, []byte(`,"`))
	if !ok {
		return r, errRecord
	}
	name := bytes.IndexByte(rest, '"')
	if name < 0 || name+1 == len(rest) || rest[name+1] != ':' {
		return r, errRecord
	}
	r.kind, ok = kindNamed(rest[:name])
	if !ok {
		return r, errRecord
	}
	r.value = rest[name+2:]
	return r, nil
}

func kindNamed(name []byte) (k kind, ok bool) {
	switch string(name) {
	case "run":
		return kindRun, true
	case "header":
		return kindHeader, true
	case "object":
		return kindObject, true
	case "gone":
		return kindGone, true
	case "intend":
		return kindIntend, true
	case "receipt":
		return kindReceipt, true
	case "void":
		return kindVoid, true
	case "put":
		return kindPut, true
	case "delete":
		return kindDelete, true
	case "end":
		return kindEnd, true
	}
	return 0, false
}

// cutNumber reads digits off the front of b.
func cutNumber(b []byte) (n uint64, rest []byte, ok bool) {
	i := 0
	for i < len(b) && i < 19 && b[i] >= '0' && b[i] <= '9' {
		n = n*10 + uint64(b[i]-'0')
		i++
	}
	return n, b[i:], i > 0
}

// cutString reads a JSON string, with its quotes and escapes, off the front of
// b.
func cutString(b []byte) (quoted, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '"' {
		return nil, nil, false
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '"':
			return b[:i+1], b[i+1:], true
		case '\\':
			i++
		}
	}
	return nil, nil, false
}

// unquote decodes a JSON string.
func unquote(quoted []byte) (string, error) {
	p := jsonline.Scan(string(quoted))
	s, err := p.Text()
	if err != nil {
		return "", err
	}
	return s, p.End()
}

// appendRecord appends what every record begins with.
func appendRecord(dst []byte, n, synced uint64) []byte {
	dst = append(dst, `{"n":`...)
	dst = strconv.AppendUint(dst, n, 10)
	if synced > 0 {
		dst = append(dst, `,"s":`...)
		dst = strconv.AppendUint(dst, synced, 10)
	}
	return append(dst, ',')
}

// messageValue takes the value of an intend or put record apart.
func messageValue(value []byte) (conversation, object []byte, err error) {
	conversation, rest, ok := cutString(value)
	if !ok {
		return nil, nil, errRecord
	}
	object, ok = bytes.CutPrefix(rest, []byte(`,"m":`))
	if !ok {
		return nil, nil, errRecord
	}
	return conversation, object, nil
}

// keyValue takes the value of a delete or void record apart: an address, a
// message's key, and with void its muid.
func keyValue(value []byte, withMUID bool) (conversation, key, muid []byte, err error) {
	conversation, rest, ok := cutString(value)
	if !ok {
		return nil, nil, nil, errRecord
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(`,"key":`)); !ok {
		return nil, nil, nil, errRecord
	}
	if key, rest, ok = cutString(rest); !ok {
		return nil, nil, nil, errRecord
	}
	if withMUID {
		if rest, ok = bytes.CutPrefix(rest, []byte(`,"muid":`)); !ok {
			return nil, nil, nil, errRecord
		}
		if muid, rest, ok = cutString(rest); !ok {
			return nil, nil, nil, errRecord
		}
	}
	if len(rest) > 0 {
		return nil, nil, nil, errRecord
	}
	return conversation, key, muid, nil
}

// receiptValue is the value of a receipt: the intent's number, and what the
// app answered, as JSON strings or nil.
type receiptValue struct {
	intent  uint64
	id, mod []byte
}

func parseReceipt(value []byte) (r receiptValue, err error) {
	intent, rest, ok := cutNumber(value)
	if !ok {
		return r, errRecord
	}
	r.intent = intent
	for _, field := range []struct {
		prefix string
		into   *[]byte
	}{{`,"id":`, &r.id}, {`,"mod":`, &r.mod}} {
		if after, ok := bytes.CutPrefix(rest, []byte(field.prefix)); ok {
			if *field.into, rest, ok = cutString(after); !ok {
				return r, errRecord
			}
		}
	}
	if len(rest) > 0 {
		return r, errRecord
	}
	return r, nil
}

// appendHex32 appends n as eight hex digits.
func appendHex32(dst []byte, n uint32) []byte {
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789abcdef"[n>>shift&0xF])
	}
	return dst
}
