package lang

import (
	"maps"
	"path"

	"github.com/hashicorp/go-cty-funcs/cidr"
	"github.com/hashicorp/go-cty-funcs/collection"
	"github.com/hashicorp/go-cty-funcs/crypto"
	"github.com/hashicorp/go-cty-funcs/encoding"
	"github.com/hashicorp/go-cty-funcs/uuid"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	yaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// Functions returns the functions of the language, under Terraform's names and
// with Terraform's results. Those that read files read them below baseDir and
// nowhere else. The functions that Terraform has and that give another result
// on another run or machine are there to say what to use instead.
//
// The map is the caller's; the functions may be used concurrently.
func Functions(baseDir string) map[string]function.Function {
	all := pureFunctions()
	maps.Copy(all, fileFunctions(baseDir))
	maps.Copy(all, templateFunctions(baseDir, maps.Clone(all)))
	maps.Copy(all, absentFunctions())
	return all
}

// pureFunctions need nothing but their arguments.
func pureFunctions() map[string]function.Function {
	return map[string]function.Function{
		// Numbers.
		"abs":      stdlib.AbsoluteFunc,
		"ceil":     stdlib.CeilFunc,
		"floor":    stdlib.FloorFunc,
		"log":      stdlib.LogFunc,
		"max":      stdlib.MaxFunc,
		"min":      stdlib.MinFunc,
		"parseint": stdlib.ParseIntFunc,
		"pow":      stdlib.PowFunc,
		"signum":   stdlib.SignumFunc,
		"sum":      sumFunc,

		// Strings.
		"chomp":       stdlib.ChompFunc,
		"endswith":    stringTest("suffix", endsWith),
		"format":      stdlib.FormatFunc,
		"formatlist":  stdlib.FormatListFunc,
		"indent":      stdlib.IndentFunc,
		"join":        stdlib.JoinFunc,
		"lower":       stdlib.LowerFunc,
		"regex":       stdlib.RegexFunc,
		"regexall":    stdlib.RegexAllFunc,
		"replace":     replaceFunc,
		"split":       stdlib.SplitFunc,
		"startswith":  stringTest("prefix", startsWith),
		"strcontains": stringTest("substr", strContains),
		"strrev":      stdlib.ReverseFunc,
		"substr":      stdlib.SubstrFunc,
		"title":       stdlib.TitleFunc,
		"trim":        stdlib.TrimFunc,
		"trimprefix":  stdlib.TrimPrefixFunc,
		"trimspace":   stdlib.TrimSpaceFunc,
		"trimsuffix":  stdlib.TrimSuffixFunc,
		"upper":       stdlib.UpperFunc,

		// Collections.
		"alltrue":         allTrueFunc,
		"anytrue":         anyTrueFunc,
		"chunklist":       stdlib.ChunklistFunc,
		"coalesce":        collection.CoalesceFunc,
		"coalescelist":    stdlib.CoalesceListFunc,
		"compact":         stdlib.CompactFunc,
		"concat":          stdlib.ConcatFunc,
		"contains":        containsFunc,
		"distinct":        stdlib.DistinctFunc,
		"element":         stdlib.ElementFunc,
		"flatten":         stdlib.FlattenFunc,
		"index":           indexFunc,
		"keys":            stdlib.KeysFunc,
		"length":          lengthFunc,
		"lookup":          lookupFunc,
		"matchkeys":       matchKeysFunc,
		"merge":           stdlib.MergeFunc,
		"one":             oneFunc,
		"range":           stdlib.RangeFunc,
		"reverse":         stdlib.ReverseListFunc,
		"setintersection": stdlib.SetIntersectionFunc,
		"setproduct":      stdlib.SetProductFunc,
		"setsubtract":     stdlib.SetSubtractFunc,
		"setunion":        stdlib.SetUnionFunc,
		"slice":           stdlib.SliceFunc,
		"sort":            stdlib.SortFunc,
		"transpose":       transposeFunc,
		"values":          stdlib.ValuesFunc,
		"zipmap":          stdlib.ZipmapFunc,

		// Encodings.
		"base64decode":     base64DecodeFunc,
		"base64encode":     encoding.Base64EncodeFunc,
		"base64gunzip":     base64GunzipFunc,
		"base64gzip":       base64GzipFunc,
		"csvdecode":        stdlib.CSVDecodeFunc,
		"jsondecode":       stdlib.JSONDecodeFunc,
		"jsonencode":       stdlib.JSONEncodeFunc,
		"textdecodebase64": textDecodeBase64Func,
		"textencodebase64": textEncodeBase64Func,
		"urldecode":        urlDecodeFunc,
		"urlencode":        encoding.URLEncodeFunc,
		"yamldecode":       yaml.YAMLDecodeFunc,
		"yamlencode":       yaml.YAMLEncodeFunc,

		// Hashes and the like.
		"base64sha256": hashFunc(sha256Base64),
		"base64sha512": hashFunc(sha512Base64),
		"md5":          crypto.Md5Func,
		"rsadecrypt":   crypto.RsaDecryptFunc,
		"sha1":         crypto.Sha1Func,
		"sha256":       crypto.Sha256Func,
		"sha512":       crypto.Sha512Func,
		"uuidv5":       uuid.V5Func,

		// Dates.
		"formatdate": stdlib.FormatDateFunc,
		"timeadd":    stdlib.TimeAddFunc,
		"timecmp":    timeCmpFunc,

		// Networks.
		"cidrcontains": cidrContainsFunc,
		"cidrhost":     cidr.HostFunc,
		"cidrnetmask":  cidrNetmaskFunc,
		"cidrsubnet":   cidr.SubnetFunc,
		"cidrsubnets":  cidr.SubnetsFunc,

		// Types and mistakes.
		"can":          tryfunc.CanFunc,
		"issensitive":  isSensitiveFunc,
		"nonsensitive": nonsensitiveFunc,
		"sensitive":    sensitiveFunc,
		"tobool":       toFunc(cty.Bool),
		"tolist":       toFunc(cty.List(cty.DynamicPseudoType)),
		"tomap":        toFunc(cty.Map(cty.DynamicPseudoType)),
		"tonumber":     toFunc(cty.Number),
		"toset":        toFunc(cty.Set(cty.DynamicPseudoType)),
		"tostring":     toFunc(cty.String),
		"try":          tryfunc.TryFunc,

		// Paths, as text.
		"basename": textFunc("path", func(p string) (string, error) { return path.Base(p), nil }),
		"dirname":  textFunc("path", func(p string) (string, error) { return path.Dir(p), nil }),
	}
}
