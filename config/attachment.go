package config

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// mimeTypes are the types of the files that people send each other. The list
// is our own, because what the system's knows differs between machines, and a
// plan must not. Of several extensions with one type, the first is the one
// that the type gives.
var mimeTypes = [...]struct{ extension, mimeType string }{
	{"jpg", "image/jpeg"}, {"jpeg", "image/jpeg"}, {"png", "image/png"}, {"gif", "image/gif"},
	{"webp", "image/webp"}, {"svg", "image/svg+xml"}, {"avif", "image/avif"}, {"heic", "image/heic"},
	{"bmp", "image/bmp"}, {"tiff", "image/tiff"}, {"tif", "image/tiff"}, {"ico", "image/vnd.microsoft.icon"},
	{"mp4", "video/mp4"}, {"m4v", "video/mp4"}, {"mov", "video/quicktime"}, {"avi", "video/x-msvideo"},
	{"webm", "video/webm"}, {"mkv", "video/x-matroska"}, {"mpeg", "video/mpeg"}, {"3gp", "video/3gpp"},
	{"mp3", "audio/mpeg"}, {"m4a", "audio/mp4"}, {"aac", "audio/aac"}, {"wav", "audio/wav"},
	{"ogg", "audio/ogg"}, {"oga", "audio/ogg"}, {"opus", "audio/opus"}, {"flac", "audio/flac"}, {"weba", "audio/webm"},
	{"pdf", "application/pdf"}, {"txt", "text/plain"}, {"log", "text/plain"}, {"csv", "text/csv"}, {"md", "text/markdown"},
	{"html", "text/html"}, {"htm", "text/html"}, {"css", "text/css"}, {"ics", "text/calendar"}, {"vcf", "text/vcard"},
	{"json", "application/json"}, {"xml", "application/xml"}, {"yaml", "application/yaml"}, {"yml", "application/yaml"},
	{"rtf", "application/rtf"}, {"epub", "application/epub+zip"},
	{"doc", "application/msword"}, {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	{"xls", "application/vnd.ms-excel"}, {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	{"ppt", "application/vnd.ms-powerpoint"}, {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
	{"odt", "application/vnd.oasis.opendocument.text"}, {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
	{"odp", "application/vnd.oasis.opendocument.presentation"},
	{"zip", "application/zip"}, {"gz", "application/gzip"}, {"tgz", "application/gzip"}, {"tar", "application/x-tar"},
	{"7z", "application/x-7z-compressed"}, {"rar", "application/vnd.rar"}, {"bin", "application/octet-stream"},
}

// DeriveAttachment returns the attachment at url. Its name, MIME type and
// extension follow from the URL and from each other where they are not given
// (""). The error tells which of them has to be given.
func DeriveAttachment(link, name, mimeType, extension string) (Attachment, error) {
	return DeriveAttachmentOfKind("", link, name, mimeType, extension)
}

// DeriveAttachmentOfKind is [DeriveAttachment] for an attachment that was
// declared to be an image, file, audio or video. A URL that does not tell the
// type gets the kind's usual one; one that tells another is an error.
func DeriveAttachmentOfKind(kind, link, name, mimeType, extension string) (Attachment, error) {
	if err := CheckURL(link); err != nil {
		return Attachment{}, err
	}
	base := baseName(link)
	a := Attachment{URL: link, Name: name, MimeType: mimeType, Extension: strings.TrimPrefix(extension, ".")}
	if a.Extension == "" {
		a.Extension = firstExtension(name, base, mimeType)
	}
	if a.MimeType == "" {
		a.MimeType = mimeTypeOf(a.Extension)
	}
	if a.MimeType == "" {
		usual := usualType(kind)
		if usual == "" {
			return Attachment{}, fmt.Errorf(`nothing tells what kind of file %s is: give its mime_type, as in mime_type = "image/jpeg"`, link)
		}
		a.MimeType = usual
	}
	if a.Extension == "" {
		a.Extension = extensionOf(a.MimeType)
	}
	if a.Extension == "" {
		return Attachment{}, fmt.Errorf(`nothing tells the extension of a file of type %s: give it, as in extension = "dat"`, a.MimeType)
	}
	if a.Name == "" {
		a.Name = base
	}
	if a.Name == "" {
		a.Name = kindOf(a.MimeType) + "." + a.Extension
	}
	if kind != "" && kind != "file" && kind != kindOf(a.MimeType) {
		return Attachment{}, fmt.Errorf("%s is of type %s, which is %s: write it as %s, or give it another mime_type",
			link, a.MimeType, withArticle(kindOf(a.MimeType)), withArticle(kindOf(a.MimeType)))
	}
	return a, CheckAttachment(a)
}

// CheckAttachment checks a whole attachment: URL, name, MIME type, extension
// and, where it is given, the size.
func CheckAttachment(a Attachment) error {
	if err := CheckURL(a.URL); err != nil {
		return err
	}
	if strings.TrimSpace(a.Name) == "" {
		return errors.New("the attachment's name is empty: give it one, or leave it away to take the URL's")
	}
	major, minor, ok := strings.Cut(a.MimeType, "/")
	if !ok || !isToken(major) || !isToken(minor) {
		return fmt.Errorf(`%q is no MIME type: write it as in "image/jpeg"`, a.MimeType)
	}
	if !isToken(a.Extension) {
		return fmt.Errorf(`%q is no extension of a file: write it as in "jpg"`, a.Extension)
	}
	if a.Size == "" {
		return nil
	}
	n, err := strconv.ParseInt(a.Size, 10, 64)
	switch {
	case err != nil || n < 0 || !isDigits(a.Size):
		return fmt.Errorf("%q is no size: it is a number of bytes", a.Size)
	case n > maxFile:
		return fmt.Errorf("the attachment is %d bytes large, and the limit is %d", n, maxFile)
	}
	return nil
}

// CheckFiles checks all attachments of a message together: where their sizes are
// given, they are 100 MB at most.
func CheckFiles(attachments []Attachment) error {
	var sum int64
	for _, a := range attachments {
		n, err := strconv.ParseInt(a.Size, 10, 64)
		if err == nil && n > 0 && n <= maxFile { // others are told of each on their own
			sum += n
		}
	}
	if sum > maxFile {
		return fmt.Errorf("the attachments of the message are %d bytes large, and the limit is %d: split the message", sum, maxFile)
	}
	return nil
}

// MessageType returns the type of a message that carries those attachments:
// text when there are none, image, audio or video when all of them are, else
// file.
func MessageType(attachments []Attachment) string {
	if len(attachments) == 0 {
		return "text"
	}
	kind := kindOf(attachments[0].MimeType)
	for _, a := range attachments[1:] {
		if kindOf(a.MimeType) != kind {
			return "file"
		}
	}
	return kind
}

func kindOf(mimeType string) string {
	switch major, _, _ := strings.Cut(mimeType, "/"); major {
	case "image", "audio", "video":
		return major
	}
	return "file"
}

func withArticle(kind string) string {
	if kind == "image" || kind == "audio" {
		return "an " + kind
	}
	return "a " + kind
}

func usualType(kind string) string {
	switch kind {
	case "image":
		return "image/jpeg"
	case "audio":
		return "audio/mpeg"
	case "video":
		return "video/mp4"
	case "file":
		return "application/octet-stream"
	}
	return ""
}

// baseName returns the last part of a good URL's path, unescaped.
func baseName(link string) string {
	if i := strings.IndexAny(link, "?#"); i >= 0 {
		link = link[:i]
	}
	_, rest, _ := strings.Cut(link, "://")
	_, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return ""
	}
	base := rest[strings.LastIndexByte(rest, '/')+1:]
	if !strings.Contains(base, "%") {
		return base
	}
	if unescaped, err := url.PathUnescape(base); err == nil {
		return unescaped
	}
	return base
}

// firstExtension returns the extension that a given name tells, else the URL's
// last part, when sow knows it; else the one that belongs to the MIME type.
func firstExtension(name, base, mimeType string) string {
	usual := extensionOf(mimeType)
	for _, s := range [...]string{name, base} {
		ext := strings.TrimPrefix(path.Ext(s), ".")
		strange := mimeType != "" && usual == "" // then any extension is better than none
		if isToken(ext) && (strange || mimeTypeOf(ext) != "") {
			return strings.ToLower(ext)
		}
	}
	return usual
}

func mimeTypeOf(extension string) string {
	for _, t := range mimeTypes {
		if strings.EqualFold(t.extension, extension) {
			return t.mimeType
		}
	}
	return ""
}

func extensionOf(mimeType string) string {
	for _, t := range mimeTypes {
		if t.mimeType == mimeType {
			return t.extension
		}
	}
	return ""
}

// isToken reports whether s is made of the characters of MIME types and
// extensions.
func isToken(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) && strings.IndexByte(".+-_", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}
