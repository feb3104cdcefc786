package lang

import (
	"net/netip"

	"github.com/hashicorp/go-cty-funcs/cidr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// cidrNetmaskFunc is the library's for the networks that have a netmask.
var cidrNetmaskFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "prefix", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if prefix, err := netip.ParsePrefix(args[0].AsString()); err == nil && prefix.Addr().Is6() {
			return cty.NilVal, function.NewArgErrorf(0, "a network of IPv6 has no netmask")
		}
		return cidr.Netmask(args[0])
	},
})

// cidrContainsFunc reports whether all of a network, or an address, is in
// another network. OpenTofu has it, and Terraform does not.
var cidrContainsFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "containing_prefix", Type: cty.String},
		{Name: "contained_ip_or_prefix", Type: cty.String},
	},
	Type: function.StaticReturnType(cty.Bool),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		outer, err := netip.ParsePrefix(args[0].AsString())
		if err != nil {
			return cty.NilVal, function.NewArgErrorf(0, "a network is needed, as in \"10.0.0.0/8\"")
		}
		inner, err := netip.ParsePrefix(args[1].AsString())
		if err != nil {
			ip, err := netip.ParseAddr(args[1].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(1, "an address or a network is needed, as in \"10.1.2.3\" or \"10.1.0.0/16\"")
			}
			inner = netip.PrefixFrom(ip, ip.BitLen())
		}
		if inner.Addr().Is4() != outer.Addr().Is4() {
			return cty.NilVal, function.NewArgErrorf(1, "one of the two is of IPv4, the other of IPv6")
		}
		return cty.BoolVal(inner.Bits() >= outer.Bits() && outer.Contains(inner.Addr())), nil
	},
})
