package emulator

// sendMessage is POST /messages. It can neither set the time nor create
// anybody.
func (s *Server) sendMessage(c *call) *failure {
	d, f := readDraft(c, s, false)
	if f != nil {
		return f
	}
	if d.sender == "" {
		d.sender = systemUID
	}
	if f := s.senderLimit(c, d.sender); f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(d.uids)+len(d.guids) > 0 {
		return s.sendToMany(c, d)
	}
	sent, f := s.deliverDraft(c, d)
	if f != nil || sent == nil {
		return f
	}
	c.replyMessage(sent)
	return nil
}

// sendToMany sends one message to each of several receivers.
func (s *Server) sendToMany(c *call, d *draft) *failure {
	var sent []*shown
	for i, receiver := range append(d.uids, d.guids...) {
		one := *d
		one.receiver, one.toGroup = receiver, i >= len(d.uids)
		v, f := s.deliverDraft(c, &one)
		if f != nil {
			return f
		}
		if v != nil {
			sent = append(sent, v)
		}
	}
	if len(sent) == 0 {
		return nil
	}
	switch c.quirks.of(multiReceiverResponse) {
	case "single":
		c.replyMessage(sent[0])
	case "map":
		o := begin(nil)
		for _, v := range sent {
			o.name(quoted(v.m.receiver))
			o.b = v.append(o.b)
		}
		c.reply(o.end())
	default:
		b := []byte{'['}
		for i, v := range sent {
			if i > 0 {
				b = append(b, ',')
			}
			b = v.append(b)
		}
		c.reply(append(b, ']'))
	}
	return nil
}
