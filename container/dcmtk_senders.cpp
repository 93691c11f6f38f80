// Rejects associations of senders who are not on the site's list, before anything is received.
// Preloaded by start_orthanc.sh, it stands before one of DCMTK's functions: Orthanc's own list knows
// no networks and is read at its start alone, and its plugins are not told the sender's address.
//
// Ingest writes what is needed of the list, whenever it changes (ingest/senders.py): what becomes of
// the others, which is for us if it is "refuse"; then a line for each sender, with its AE title
// (empty: any) and the first and last address, as 32 hexadecimal digits, with tabs between. Where there is
// no such file everybody may send. Whom this lets in, ingest looks at once more.

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>

#include <arpa/inet.h>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <fstream>
#include <sstream>
#include <string>

namespace {

constexpr const char *senders = "/data/ingest/senders";

using Receive = OFCondition (*)(T_ASC_Network *, T_ASC_Association **, long, void **,
                                unsigned long *, OFBool, DUL_BLOCKOPTIONS, int);

// A library of another shape stops Orthanc at its start, and so the image's test.
Receive of_the_library(const char *symbol)
{
    void *const found = dlsym(RTLD_NEXT, symbol);
    if (found == nullptr) {
        std::fprintf(stderr, "There is no %s that could be asked\n", symbol);
        std::exit(1);
    }
    return reinterpret_cast<Receive>(found);
}

const Receive receive_association = of_the_library(
    "_Z22ASC_receiveAssociationP13T_ASC_NetworkPP17T_ASC_AssociationlPPvPmb16DUL_BLOCKOPTIONSi");

// Empty for what is no address, which lies between no two.
std::string digits_of(const std::string &address)
{
    in6_addr bytes;
    if (inet_pton(AF_INET6, address.c_str(), &bytes) != 1 &&
        inet_pton(AF_INET6, ("::ffff:" + address).c_str(), &bytes) != 1) {
        return "";
    }
    std::string digits;
    for (const unsigned byte : bytes.s6_addr) {
        char two[3];
        std::snprintf(two, sizeof two, "%02x", byte);
        digits += two;
    }
    return digits;
}

bool may_send(const std::string &title, const std::string &address)
{
    std::ifstream list(senders);
    std::string line;
    if (!std::getline(list, line) || line != "refuse") {
        return true;
    }
    const std::string digits = digits_of(address);
    while (std::getline(list, line)) {
        std::istringstream fields(line);
        std::string wanted, first, last;
        std::getline(fields, wanted, '\t');
        std::getline(fields, first, '\t');
        std::getline(fields, last, '\t');
        if ((wanted.empty() || wanted == title) && first <= digits && digits <= last) {
            return true;
        }
    }
    return false;
}

// In the form of Orthanc's own lines, which the filter of its log knows. A title may be anything.
void tell(std::string title, const std::string &address)
{
    for (char &one : title) {
        one = std::isprint(static_cast<unsigned char>(one)) ? one : '?';
    }
    char when[32];
    const std::time_t now = std::time(nullptr);
    std::tm parts;
    std::strftime(when, sizeof when, "%m%d %H:%M:%S", gmtime_r(&now, &parts));
    std::fprintf(stderr, "W%s.000000 senders] Rejected: AE \"%s\" from %s is not on the list of senders\n",
                 when, title.c_str(), address.c_str());
}

} // namespace

OFCondition ASC_receiveAssociation(T_ASC_Network *network, T_ASC_Association **association,
                                   const long most_bytes, void **pdu, unsigned long *pdu_bytes,
                                   const OFBool secure, const DUL_BLOCKOPTIONS block,
                                   const int seconds)
{
    const OFCondition received = receive_association(network, association, most_bytes, pdu,
                                                     pdu_bytes, secure, block, seconds);
    if (received.bad()) {
        return received;
    }
    const auto &told = (*association)->params->DULparams;
    if (may_send(told.callingAPTitle, told.callingPresentationAddress)) {
        return received;
    }
    // PS3.8 9.3.4: rejected for good, by the service user: the calling AE title is not recognised.
    const T_ASC_RejectParameters because = {ASC_RESULT_REJECTEDPERMANENT, ASC_SOURCE_SERVICEUSER,
                                            ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED};
    tell(told.callingAPTitle, told.callingPresentationAddress);
    ASC_rejectAssociation(*association, &because);
    // Hung up here: Orthanc would wait until the other end does, and take nobody meanwhile.
    ASC_dropAssociation(*association);
    ASC_destroyAssociation(association);
    return DUL_NOASSOCIATIONREQUEST;
}
