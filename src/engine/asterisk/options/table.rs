//! The rows of the table, one an option, and the releases that have them.
//!
//! Names, words, numbers and releases were taken from every release of 16, 18, 20, 21 and 22; what
//! an option answers when it is not set was observed on 16.28 and 22.10.

use super::Kind::*;
use super::{Kind, OptionInfo, Since};

/// The tables of all object types.
pub(super) const TABLES: [&[OptionInfo]; 4] = [ENDPOINT, AUTH, AOR, IDENTIFY];

/// Words that came later than their option: option, word, releases.
pub(super) const NEWER_WORDS: &[(&str, &str, Since)] = &[
    ("100rel", "peer_supported", MEDIASEC),
    ("auth_type", "digest", DIGESTS),
    ("auth_type", "google_oauth", V18),
    ("identify_by", "request_uri", REQUEST_URI),
];

/// The releases that put `-` where RFC 8866 forbids what the file says.
pub(super) const SDP_DASH: Since = Since(&[(20, 19, 0), (22, 9, 0)]);

/// The releases that respell `media_address` and drop its port; others keep the text.
pub(super) const MEDIA_ADDRESS: Since = Since(&[(18, 22, 0), (20, 7, 0), (21, 2, 0), (22, 0, 0)]);

/// Every codec the engine names in `core show codecs` and takes in `allow` (16.28 and 22.10 have
/// the same, but for one of test builds).
pub(super) const CODECS: &[&str] = &[
    "adpcm", "alaw", "amr", "amrwb", "codec2", "g719", "g722", "g723", "g726", "g726aal2", "g729", "gsm", "h261",
    "h263", "h263p", "h264", "h265", "ilbc", "jpeg", "lpc10", "mpeg4", "none", "opus", "png", "red", "silk12",
    "silk16", "silk24", "silk8", "siren14", "siren7", "slin", "slin12", "slin16", "slin192", "slin24", "slin32",
    "slin44", "slin48", "slin96", "speex", "speex16", "speex32", "t140", "t38", "ulaw", "vp8", "vp9",
];

const ALL: Since = Since(&[]);
const CONNECTED_LINE: Since = Since(&[(16, 1, 0), (18, 0, 0)]);
const GEOLOC: Since = Since(&[(16, 28, 0), (18, 14, 0), (20, 0, 0)]);
// Also 100rel=peer_supported.
const MEDIASEC: Since = Since(&[(16, 30, 0), (18, 16, 0), (20, 1, 0), (21, 0, 0)]);
const V18: Since = Since(&[(18, 0, 0)]);
const DIGESTS: Since = Since(&[(20, 12, 0), (21, 7, 0), (22, 2, 0)]);
const RTP_PORTS: Since = Since(&[(20, 20, 0), (22, 10, 0)]);
const REQUEST_URI: Since = Since(&[(18, 23, 0), (20, 8, 0), (21, 3, 0), (22, 0, 0)]);
const U32: u32 = u32::MAX;
const ALGORITHMS: Kind = Words { words: &["AKAv1-MD5", "MD5", "SHA-256", "SHA-512-256"], gaps: true };
const INTERSECT: &str = "prefer:pending, operation:intersect, keep:all, transcode:allow";

const fn option(object: &'static str, name: &'static str, kind: Kind) -> OptionInfo {
    OptionInfo { object, name, since: ALL, kind, repeated: false, secret: false, readback: true, unset: None }
}

const fn endpoint(name: &'static str, kind: Kind) -> OptionInfo {
    option("endpoint", name, kind)
}

const fn auth(name: &'static str, kind: Kind) -> OptionInfo {
    option("auth", name, kind)
}

const fn aor(name: &'static str, kind: Kind) -> OptionInfo {
    option("aor", name, kind)
}

const fn identify(name: &'static str, kind: Kind) -> OptionInfo {
    option("identify", name, kind)
}

impl OptionInfo {
    const fn since(mut self, since: Since) -> Self {
        self.since = since;
        self
    }

    const fn unset(mut self, answer: &'static str) -> Self {
        self.unset = Some(answer);
        self
    }

    const fn repeated(mut self) -> Self {
        self.repeated = true;
        self
    }

    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    const fn silent(mut self) -> Self {
        self.readback = false;
        self
    }
}

const ENDPOINT: &[OptionInfo] = &[
    endpoint("100rel", BoolOr(&["peer_supported", "required"])).unset("yes"),
    endpoint("accept_multiple_sdp_answers", Bool).unset("false"),
    endpoint("accountcode", Text).unset(""),
    endpoint("acl", Acls).unset("").repeated(),
    endpoint("aggregate_mwi", Bool).unset("true"),
    endpoint("allow", Codecs).unset("(nothing)").repeated(),
    endpoint("allow_overlap", Bool).unset("true"),
    endpoint("allow_subscribe", Bool).unset("true"),
    endpoint("allow_transfer", Bool).unset("true"),
    endpoint("allow_unauthenticated_options", Bool).unset("false").since(Since(&[(16, 18, 0), (18, 4, 0), (20, 0, 0)])),
    endpoint("aors", Text).unset(""),
    endpoint("asymmetric_rtp_codec", Bool).unset("false"),
    endpoint("auth", Names).unset(""),
    endpoint("bind_rtp_to_media_address", Bool).unset("false"),
    endpoint("bundle", Bool).unset("false"),
    endpoint("call_group", Groups).unset(""),
    endpoint("callerid", CallerId).unset("<unknown>"),
    endpoint("callerid_privacy", Presentation).unset("allowed_not_screened"),
    endpoint("callerid_tag", Text).unset(""),
    endpoint("codec_prefs_incoming_answer", CodecPrefs).unset(INTERSECT).since(V18),
    endpoint("codec_prefs_incoming_offer", CodecPrefs).unset(INTERSECT).since(V18),
    endpoint("codec_prefs_outgoing_answer", CodecPrefs).unset(INTERSECT).since(V18),
    endpoint("codec_prefs_outgoing_offer", CodecPrefs)
        .unset("prefer:pending, operation:union, keep:all, transcode:allow")
        .since(V18),
    endpoint("connected_line_method", Word(&["invite", "reinvite", "update"])).unset("invite"),
    endpoint("contact_acl", Acls).unset("").repeated(),
    endpoint("contact_deny", Networks).repeated().silent(),
    endpoint("contact_permit", Networks).repeated().silent(),
    endpoint("contact_user", Text).unset(""),
    endpoint("context", Text).unset("default"),
    endpoint("cos_audio", Int { min: 0, max: U32 }).unset("0"),
    endpoint("cos_video", Int { min: 0, max: U32 }).unset("0"),
    endpoint("deny", Networks).repeated().silent(),
    endpoint("device_state_busy_at", Int { min: 0, max: U32 }).unset("0"),
    endpoint("direct_media", Bool).unset("true"),
    endpoint("direct_media_glare_mitigation", Word(&["incoming", "none", "outgoing"])).unset("none"),
    endpoint("direct_media_method", Word(&["invite", "reinvite", "update"])).silent(),
    endpoint("disable_direct_media_on_nat", Bool).unset("false"),
    endpoint("disallow", Codecs).repeated().silent(),
    endpoint("dtls_auto_generate_cert", Bool).unset("No"),
    endpoint("dtls_ca_file", Text).unset(""),
    endpoint("dtls_ca_path", Text).unset(""),
    endpoint("dtls_cert_file", Text).unset(""),
    endpoint("dtls_cipher", Text).unset(""),
    endpoint("dtls_fingerprint", Word(&["SHA-1", "SHA-256"])).unset("SHA-256"),
    endpoint("dtls_private_key", Text).unset(""),
    endpoint("dtls_rekey", Decimal).unset("0"),
    endpoint("dtls_setup", Word(&["active", "actpass", "passive"])).unset("active"),
    endpoint("dtls_verify", Word(&["certificate", "fingerprint", "no", "yes"])).unset("No"),
    endpoint("dtmf_mode", Word(&["auto", "auto_info", "inband", "info", "none", "rfc4733"])).unset("rfc4733"),
    endpoint("fax_detect", Bool).unset("false"),
    endpoint("fax_detect_timeout", Int { min: 0, max: U32 }).unset("0"),
    endpoint("follow_early_media_fork", Bool).unset("true"),
    endpoint("follow_redirect_methods", Words { words: &["message"], gaps: false })
        .unset("")
        .since(Since(&[(20, 18, 0), (22, 8, 0)])),
    endpoint("force_avp", Bool).unset("false"),
    endpoint("force_rport", Bool).unset("true"),
    endpoint("from_domain", Text).unset(""),
    endpoint("from_user", User).unset(""),
    endpoint("g726_non_standard", Bool).unset("false"),
    endpoint("geoloc_incoming_call_profile", Text).unset("").since(GEOLOC),
    endpoint("geoloc_outgoing_call_profile", Text).unset("").since(GEOLOC),
    endpoint("ice_support", Bool).unset("false"),
    endpoint("identify_by", Words { words: &["auth_username", "header", "ip", "request_uri", "username"], gaps: true })
        .unset("username,ip"),
    endpoint("ignore_183_without_sdp", Bool).unset("false").since(Since(&[(16, 3, 0), (18, 0, 0)])),
    endpoint("inband_progress", Bool).unset("false"),
    endpoint("incoming_call_offer_pref", ExactWord(&["local", "local_first", "remote", "remote_first"]))
        .unset("local")
        .since(V18),
    endpoint("incoming_mwi_mailbox", Text).unset(""),
    endpoint("language", Text).unset(""),
    endpoint("mailboxes", Text).unset(""),
    endpoint("max_audio_streams", Int { min: 0, max: U32 }).unset("1"),
    endpoint("max_video_streams", Int { min: 0, max: U32 }).unset("1"),
    endpoint("media_address", Address).unset(""),
    endpoint("media_encryption", Word(&["dtls", "no", "sdes"])).unset("no"),
    endpoint("media_encryption_optimistic", Bool).unset("false"),
    endpoint("media_use_received_transport", Bool).unset("false"),
    endpoint("message_context", Text).unset(""),
    endpoint("moh_passthrough", Bool).unset("false"),
    endpoint("moh_suggest", Text).unset("default"),
    endpoint("mwi_from_user", Text).unset(""),
    endpoint("mwi_subscribe_replaces_unsolicited", Bool).unset("no"),
    endpoint("named_call_group", NamedGroups).unset(""),
    endpoint("named_pickup_group", NamedGroups).unset(""),
    endpoint("notify_early_inuse_ringing", Bool).unset("false"),
    endpoint("one_touch_recording", Bool).unset("false"),
    endpoint("outbound_auth", Names).unset(""),
    endpoint("outbound_proxy", Text).unset(""),
    endpoint(
        "outgoing_call_offer_pref",
        ExactWord(&["local", "local_first", "local_merge", "remote", "remote_first", "remote_merge"]),
    )
    .unset("remote_merge")
    .since(V18),
    endpoint("overlap_context", Text).unset("").since(Since(&[(18, 17, 0), (20, 2, 0), (21, 0, 0)])),
    endpoint("permit", Networks).repeated().silent(),
    endpoint("pickup_group", Groups).unset(""),
    endpoint("preferred_codec_only", Bool).unset("false"),
    endpoint("record_off_feature", Text).unset("automixmon"),
    endpoint("record_on_feature", Text).unset("automixmon"),
    endpoint("redirect_method", Word(&["uri_core", "uri_pjsip", "user"])).unset("user"),
    endpoint("refer_blind_progress", Bool).unset("true"),
    endpoint("rewrite_contact", Bool).unset("false"),
    endpoint("rpid_immediate", Bool).unset("false"),
    endpoint("rtcp_mux", Bool).unset("false"),
    endpoint("rtp_engine", Text).unset("asterisk"),
    endpoint("rtp_ipv6", Bool).unset("false"),
    endpoint("rtp_keepalive", Int { min: 0, max: U32 }).unset("0"),
    endpoint("rtp_port_end", Port).unset("0").since(RTP_PORTS),
    endpoint("rtp_port_start", Port).unset("0").since(RTP_PORTS),
    endpoint("rtp_symmetric", Bool).unset("false"),
    endpoint("rtp_timeout", Int { min: 0, max: U32 }).unset("0"),
    endpoint("rtp_timeout_hold", Int { min: 0, max: U32 }).unset("0"),
    endpoint("sdp_owner", Sdp { blanks: false }).unset("-"),
    endpoint("sdp_session", Sdp { blanks: true }).unset("Asterisk"),
    endpoint("security_mechanisms", Mechanisms).unset("").since(MEDIASEC),
    endpoint("security_negotiation", Word(&["mediasec", "no"])).unset("no").since(MEDIASEC),
    endpoint("send_aoc", Bool).unset("false").since(Since(&[(18, 16, 0), (20, 1, 0), (21, 0, 0)])),
    endpoint("send_connected_line", Bool).unset("yes").since(CONNECTED_LINE),
    endpoint("send_diversion", Bool).unset("true"),
    endpoint("send_history_info", Bool).unset("false").since(Since(&[(16, 15, 0), (18, 1, 0), (20, 0, 0)])),
    endpoint("send_pai", Bool).unset("false"),
    endpoint("send_rpid", Bool).unset("false"),
    endpoint("set_var", Variable).repeated().silent(),
    endpoint("srtp_tag_32", Bool).unset("false"),
    endpoint("stir_shaken", Word(&["attest", "off", "on", "verify"])).since(Since(&[(16, 15, 0), (18, 0, 0)])),
    endpoint("stir_shaken_profile", Text).unset("").since(Since(&[(16, 25, 2), (18, 11, 2), (20, 0, 0)])),
    endpoint("sub_min_expiry", Int { min: 0, max: U32 }).unset("0"),
    endpoint("subscribe_context", Short).unset(""),
    endpoint("suppress_moh_on_sendonly", Bool).unset("false").since(Since(&[(20, 11, 0), (21, 6, 0), (22, 1, 0)])),
    endpoint("suppress_q850_reason_headers", Bool).unset("false"),
    endpoint("t38_bind_udptl_to_media_address", Bool).unset("false").since(Since(&[
        (16, 22, 0),
        (18, 8, 0),
        (20, 0, 0),
    ])),
    endpoint("t38_udptl", Bool).unset("false"),
    endpoint("t38_udptl_ec", ExactWord(&["fec", "none", "redundancy"])).unset("none"),
    endpoint("t38_udptl_ipv6", Bool).unset("false"),
    endpoint("t38_udptl_maxdatagram", Int { min: 0, max: U32 }).unset("0"),
    endpoint("t38_udptl_nat", Bool).unset("false"),
    endpoint("tenantid", Text).unset("").since(Since(&[(18, 25, 0), (20, 10, 0), (21, 5, 0), (22, 0, 0)])),
    endpoint("timers", BoolOr(&["always", "forced", "required"])).unset("yes"),
    endpoint("timers_min_se", Int { min: 90, max: U32 }).unset("90"),
    endpoint("timers_sess_expires", Int { min: 90, max: U32 }).unset("1800"),
    endpoint("tone_zone", Text).unset(""),
    endpoint("tos_audio", Tos).unset("0"),
    endpoint("tos_video", Tos).unset("0"),
    endpoint("transport", Text).unset(""),
    endpoint("trust_connected_line", Bool).unset("yes").since(CONNECTED_LINE),
    endpoint("trust_id_inbound", Bool).unset("false"),
    endpoint("trust_id_outbound", Bool).unset("false"),
    endpoint("use_avpf", Bool).unset("false"),
    endpoint("use_ptime", Bool).unset("false"),
    endpoint("user_eq_phone", Bool).unset("false"),
    endpoint("voicemail_extension", Text).unset(""),
    endpoint("webrtc", Bool).unset("no"),
];

const AUTH: &[OptionInfo] = &[
    auth("auth_type", Word(&["digest", "google_oauth", "md5", "userpass"])).unset("userpass"),
    auth("md5_cred", Digest).unset("").secret(),
    auth("nonce_lifetime", Int { min: 0, max: U32 }).unset("32"),
    auth("oauth_clientid", Text).unset("").since(V18),
    auth("oauth_secret", Text).unset("").since(V18).secret(),
    auth("password", Filled).secret(),
    auth("password_digest", Digests).unset("").since(DIGESTS).repeated().secret(),
    auth("realm", Text).unset(""),
    auth("refresh_token", Text).unset("").since(V18).secret(),
    auth("supported_algorithms_uac", ALGORITHMS).since(DIGESTS).repeated(),
    auth("supported_algorithms_uas", ALGORITHMS).since(DIGESTS).repeated(),
    auth("username", Filled),
];

const AOR: &[OptionInfo] = &[
    aor("authenticate_qualify", Bool).unset("false"),
    aor("contact", Contacts).unset("").repeated(),
    aor("default_expiration", Int { min: 0, max: U32 }).unset("3600"),
    aor("mailboxes", Text).unset(""),
    aor("max_contacts", Int { min: 0, max: U32 }).unset("0"),
    aor("maximum_expiration", Int { min: 0, max: U32 }).unset("7200"),
    aor("minimum_expiration", Int { min: 0, max: U32 }).unset("60"),
    aor("outbound_proxy", Text).unset(""),
    aor("qualify_2xx_only", Bool).unset("false").since(DIGESTS),
    aor("qualify_frequency", Int { min: 0, max: 86_400 }).unset("0"),
    aor("qualify_timeout", Seconds).unset("3.000000"),
    aor("remove_existing", Bool).unset("false"),
    aor("remove_unavailable", Bool).unset("false").since(Since(&[(16, 22, 0), (18, 8, 0), (20, 0, 0)])),
    aor("support_path", Bool).unset("false"),
    aor("voicemail_extension", Text).unset(""),
];

const IDENTIFY: &[OptionInfo] = &[
    identify("endpoint", Filled),
    identify("match", Matches).repeated(),
    identify("match_header", Header).unset(""),
    identify("match_request_uri", Pattern).unset("").since(REQUEST_URI),
    identify("srv_lookups", Bool).unset("true"),
];
