# Reads the runner's results files (trx): prints every skipped test with its reason, and writes "PASSED FAILED SKIPPED" to the file `sums`.
# The runner writes one start tag a line; only the message of a test that did not pass may run over several.

function attribute(line, name,    start, rest) {
    start = index(line, " " name "=\"")
    if (start == 0) return ""
    rest = substr(line, start + length(name) + 3)
    return plain(substr(rest, 1, index(rest, "\"") - 1))
}

function plain(text) {
    gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&#x[AD];/, " ", text); gsub(/&amp;/, "\\&", text)
    return text
}

/<UnitTestResult / {
    outcome = attribute($0, "outcome")
    isSkip = outcome == "NotExecuted" || outcome == "Inconclusive"
    if (outcome == "Passed") passed++
    else if (isSkip) { skipped++; id[skipped] = attribute($0, "testId"); title[skipped] = attribute($0, "testName") }
    else failed++
}

/<Message>/ { inMessage = 1; sub(/.*<Message>/, ""); sub(/^(Initialization method .* threw exception\. )?Assert\.Inconclusive\. /, ""); }
inMessage {
    ends = sub(/<\/Message>.*/, "")
    if (isSkip) reason[skipped] = reason[skipped] (reason[skipped] == "" ? "" : " ") plain($0)
    if (ends) inMessage = 0
}

/<UnitTest / { definition = attribute($0, "id") }
/<TestMethod / { class = attribute($0, "className"); sub(/.*\./, "", class); className[definition] = class }

END {
    for (i = 1; i <= skipped; i++) {
        # What the runner wraps into a sentence of its own gets a second full stop.
        sub(/\.\.$/, ".", reason[i])
        printf "skipped  %s.%s: %s\n", className[id[i]], title[i], reason[i] == "" ? "no reason given" : reason[i]
    }
    printf "%d %d %d\n", passed, failed, skipped > sums
}
