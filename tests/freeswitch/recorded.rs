//! The engine's answers to the questions that were recorded from 1.11, word for word: what keeps the
//! stand-in honest, and shows where a newer FreeSWITCH differs.

use crate::engine::{FreeSwitch, user};

#[test]
fn answers_are_the_recorded_ones() {
    let engine = FreeSwitch::start();
    for (question, answer) in [
        ("reloadxml", "+OK [Success]\n"),
        ("reloadacl", "+OK acl reloaded\n"),
        ("user_exists id 1002 pbx.example.org", "true"),
        ("user_exists id 1002 wrong.domain", "false"),
        ("user_exists id", "false"),
        ("user_data 1000@pbx.example.org param password", "Zx81-kq"),
        ("user_data 1000 param password", "Zx81-kq"),
        ("user_data 1000@pbx.example.org param nosuch", "-ERR no reply\n"),
        ("user_data 9999@pbx.example.org param password", "-ERR no reply\n"),
        ("user_data 1000@pbx.example.org var toll_allow", "domestic,international,local"),
        ("user_data 1000@pbx.example.org attr domain-name", "pbx.example.org"),
        ("user_data 1002@pbx.example.org param password", "a&b<c>d\"e'fA"),
        ("find_user_xml id 7777 pbx.example.org", "-ERR can't find user\n"),
        ("xml_locate directory domain name nosuch", "can't find anything\n"),
        ("xml_locate directory user id 1002", "can't find anything\n"),
        ("xml_locate directory domain name pbx.example.org user id=1002", "can't find anything\n"),
        ("xml_locate dialplan context name nosuch", "can't find anything\n"),
        ("domain_exists pbx.example.org", "true"),
        ("xml_flush_cache", "+OK cleared 0 entries\n"),
        ("global_getvar domain", "pbx.example.org"),
        ("global_getvar nosuch", "-ERR no reply\n"),
        ("module_exists mod_xml_curl", "false"),
        ("nosuchcommand", "-ERR nosuchcommand Command not found!\n"),
        ("sofia_contact 1002@pbx.example.org", "error/user_not_registered"),
        (
            "sofia profile internal check_sync 7777@pbx.example.org",
            "+OK syncing all registrations matching specified call_id\n",
        ),
        (
            "sofia profile internal flush_inbound_reg nosuch@pbx.example.org",
            "+OK flushing all registrations matching specified call_id\n",
        ),
        ("sofia profile nosuch flush_inbound_reg 2200@pbx.example.org", "Invalid Profile [nosuch]\n"),
        ("sofia profile internal killall_ping", "-ERR Unknown command!\n"),
        ("regex 1020|^(10[01][0-9])$", "false"),
        ("regex 1019|^(10[01][0-9])$", "true"),
        ("regex 1019|^(10[01][0-9])$|%1", "1019"),
        ("regex 1020|^(10[01][0-9])$|%1", "1020"),
        ("regex 1020|^(10[01][0-9])$|%1|n", "-ERR no reply\n"),
        ("regex 1020|^(10[01][0-9])$|%1|b", "false"),
        ("show channels as json", "{\"row_count\": 0}\n"),
        ("uuid_kill nosuch", "-ERR No such channel!\n"),
    ] {
        // Some answers end with one line break more or less from version to version.
        assert_eq!(engine.ask(question).trim_end(), answer.trim_end(), "{question}");
    }
}

#[test]
fn a_user_is_printed_with_what_he_inherits() {
    let engine = FreeSwitch::start();
    let said = engine.ask("find_user_xml id 1002 pbx.example.org");
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    for line in [
        "<param name=\"Password\" value=\"a&amp;b&lt;c&gt;d&quot;e'fA\"></param>",
        "<variable name=\"record_stereo\" value=\"true\"></variable>",
        "<profile-variables></profile-variables>",
    ] {
        assert!(lines.contains(&line), "{line} is not in\n{said}");
    }
    assert!(said.starts_with("<user id=\"1002\" mailbox=\"77\" domain-name=\"pbx.example.org\">"), "{said}");
    assert!(engine.ask("user_data 1001@pbx.example.org attr type").starts_with("-ERR no reply"));
}

/// Illegal and legal snippets: what the reload says, and what then becomes of user 2200.
#[test]
fn snippets_come_out_as_recorded() {
    let engine = FreeSwitch::start();
    let good = user("2200", "s3cret", "");
    let outcomes: [(&str, String, &str, &str); 12] = [
        ("plain", good.clone(), "+OK [Success]", "s3cret"),
        ("one line", good.replace('\n', ""), "+OK [Success]", "-ERR no reply"),
        ("no include", good.replace("<include>\n", "").replace("</include>\n", ""), "+OK [Success]", "s3cret"),
        ("carriage returns", good.replace('\n', "\r"), "+OK [Success]", "s3cret"),
        ("raw ampersand", good.replace("s3cret", "a&b &nbsp; x>y"), "+OK [Success]", "a&b &nbsp; x>y"),
        ("raw less", good.replace("s3cret", "a<b"), "+OK [Success]", "a<b"),
        ("unknown variable", good.replace("s3cret", "$${no_such}"), "+OK [Success]", "-ERR no reply"),
        ("unquoted id", good.replace("id=\"2200\"", "id=2200"), "+OK [Success]", "-ERR no reply"),
        ("params not closed", good.replace("</params>", ""), "unexpected closing tag </user>]", ""),
        ("dashes", format!("<!-- a -- b -->\n{good}"), "unclosed <!--]", ""),
        ("comment block", format!("<!--#comment a -- b\n c-->\n{good}"), "+OK [Success]", "s3cret"),
        ("no name", good.replace("<params>", "< params>"), "unexpected <]", ""),
    ];
    for (name, text, said, password) in outcomes {
        engine.write("directory/default/2200.xml", &text);
        let reload = engine.ask("reloadxml");
        assert!(reload.starts_with("+OK [") && reload.trim_end().ends_with(said), "{name}: {reload}");
        if !password.is_empty() {
            assert_eq!(engine.ask("user_data 2200@pbx.example.org param password").trim_end(), password, "{name}");
        }
    }
}
