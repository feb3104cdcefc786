package state

import (
	"bytes"
	"strconv"
)

// splice appends the snapshot's line of a message that the journal has, made
// of the records' own bytes. The two differ in the muid and in what follows it
// only. Not every message can be done so: ok is false for those that must be
// decoded and encoded.
func (o *overlay) splice(dst []byte, c change, derive *MUIDs) (line []byte, ok bool, err error) {
	rec, err := o.in.read(c.record)
	if err != nil {
		return dst, false, err
	}
	_, object, err := messageValue(rec.value)
	if err != nil {
		return dst, false, o.in.damage(rec, err)
	}
	body, muid, rest, ok := cutMUID(object)
	if !ok {
		return dst, false, nil
	}
	p, err := placeOf(object)
	if err != nil {
		return dst, false, o.in.damage(rec, err)
	}
	generation, ok := generationOf(body)
	if !ok {
		return dst, false, nil
	}
	dst = append(dst, body...)
	if derived := derive.bytes(string(p.key), generation); !bytes.Equal(muid, derived[:]) {
		dst = append(append(append(dst, muidField...), muid...), '"')
	}
	switch c.outcome {
	case c.record:
		return append(dst, rest...), true, nil
	case 0:
		dst = append(dst, `,"doubt":true`...)
		return append(dst, rest...), true, nil
	}
	if rec, err = o.in.read(c.outcome); err != nil {
		return dst, false, err
	}
	if _, err := parseReceipt(rec.value); err != nil {
		return dst, false, o.in.damage(rec, err)
	}
	_, answer, _ := cutNumber(rec.value)
	return append(append(dst, answer...), '}'), true, nil
}

const (
	muidField = `,"muid":"`
	genField  = `,"gen":`
)

// cutMUID takes a record's object apart before and after the muid, which is
// the last attribute of the body. What follows holds strings only, and the
// field with its quotes stands in no string: the last one is it.
func cutMUID(object []byte) (body, muid, rest []byte, ok bool) {
	i := bytes.LastIndex(object, []byte(muidField))
	if i < 0 {
		return nil, nil, nil, false
	}
	muid, rest, ok = bytes.Cut(object[i+len(muidField):], []byte{'"'})
	if !ok || bytes.IndexByte(muid, '\\') >= 0 {
		return nil, nil, nil, false
	}
	return object[:i], muid, rest, true
}

// generationOf reads the generation off the end of a body that has no sealed
// values, which would come after it.
func generationOf(body []byte) (generation int, ok bool) {
	end := len(body)
	for end > 0 && body[end-1] >= '0' && body[end-1] <= '9' {
		end--
	}
	if !bytes.HasSuffix(body[:end], []byte(genField)) {
		return 0, !bytes.Contains(body, []byte(`,"sealed":{`)) && !bytes.Contains(body, []byte(genField))
	}
	generation, err := strconv.Atoi(string(body[end:]))
	return generation, err == nil
}
