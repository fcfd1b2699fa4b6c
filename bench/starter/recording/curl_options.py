"""The options of curl: which take a value, and which do not change the request that reaches the service. Pure."""

from __future__ import annotations

_LETTERS = """
A=user-agent b=cookie c=cookie-jar C=continue-at d=data D=dump-header e=referer E=cert f=fail F=form g=globoff
G=get h=help H=header i=include I=head j=junk-session-cookies J=remote-header-name k=insecure K=config
l=list-only L=location m=max-time n=netrc N=no-buffer o=output O=remote-name p=proxytunnel P=ftp-port q=disable
Q=quote r=range R=remote-time s=silent S=show-error t=telnet-option T=upload-file u=user U=proxy-user v=verbose
w=write-out x=proxy X=request y=speed-time Y=speed-limit z=time-cond Z=parallel #=progress-bar 0=http1.0 1=tlsv1
2=sslv2 3=sslv3 4=ipv4 6=ipv6 :=next
"""
SHORT = dict(pair.split("=") for pair in _LETTERS.split())
"""The long name of each option of one letter."""

UNSUPPORTED = {
    "location": "an engine follows no redirect; write the request that it leads to as a line of its own",
    "location-trusted": "an engine follows no redirect; write the request that it leads to as a line of its own",
    "config": "options from a file are not read",
    "netrc": "logins from a file are not read",
    "digest": "only a login that is a header can be replayed",
    "ntlm": "only a login that is a header can be replayed",
    "negotiate": "only a login that is a header can be replayed",
    "aws-sigv4": "its signature is made anew for each request",
    "time-cond": "requests are sent without a condition",
    "request-target": "the path of the URL is taken",
    "continue-at": "requests are sent as a whole",
}
"""Options that would change the request or its answer, and why they cannot be kept."""

_WITH_VALUE = """
abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers config connect-timeout connect-to
continue-at cookie cookie-jar create-file-mode crlfile curves data data-ascii data-binary data-raw
data-urlencode delegation dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers doh-url dump-header egd-file
engine etag-compare etag-save expect100-timeout form form-string ftp-account ftp-alternative-to-user ftp-method
ftp-port happy-eyeballs-timeout-ms haproxy-clientip header hostpubmd5 hostpubsha256 hsts interface ip-tos
ipfs-gateway json keepalive-cnt keepalive-time key key-type krb libcurl limit-rate local-port login-options
mail-auth mail-from mail-rcpt max-filesize max-redirs max-time netrc-file noproxy oauth2-bearer output
output-dir parallel-max pass pinnedpubkey preproxy proto proto-default proto-redir proxy proxy-cacert
proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key proxy-key-type
proxy-pass proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword
proxy-tlsuser proxy-user proxy1.0 pubkey quote random-file range rate referer request request-target resolve
retry retry-delay retry-max-time sasl-authzid service-name socks4 socks4a socks5 socks5-gssapi-service
socks5-hostname speed-limit speed-time stderr telnet-option tftp-blksize time-cond tls-max tls13-ciphers
tlsauthtype tlspassword tlsuser trace trace-ascii trace-config unix-socket upload-file url url-query user
user-agent variable vlan-priority write-out
"""
_SWITCHES = """
anyauth basic ca-native cert-status compressed compressed-ssh create-dirs disable disallow-username-in-url
doh-cert-status doh-insecure fail fail-early fail-with-body false-start globoff http0.9 http1.0 http1.1 http2
http2-prior-knowledge http3 http3-only include insecure ipv4 ipv6 junk-session-cookies no-alpn no-buffer no-clobber
no-keepalive no-npn no-progress-meter no-sessionid parallel parallel-immediate path-as-is post301 post302 post303
progress-bar proxy-anyauth proxy-basic proxy-insecure proxytunnel raw remote-header-name remote-name remote-name-all
remote-time remove-on-error retry-all-errors retry-connrefused show-error silent ssl ssl-allow-beast ssl-no-revoke
ssl-reqd ssl-revoke-best-effort sslv2 sslv3 styled-output suppress-connect-headers tcp-fastopen tcp-nodelay tlsv1
tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 tr-encoding trace-ids trace-time verbose xattr
"""
_CHANGE = """
aws-sigv4 config continue-at cookie data data-ascii data-binary data-raw data-urlencode form form-string header
json oauth2-bearer range referer request request-target time-cond upload-file url url-query user user-agent
"""

TAKE_VALUES = frozenset(_WITH_VALUE.split())
"""Long names of the options that are followed by a value."""


WITHOUT_EFFECT = (TAKE_VALUES | frozenset(_SWITCHES.split())) - frozenset(_CHANGE.split())
"""Options that say how curl connects, writes and retries: the request stays the same without them."""
